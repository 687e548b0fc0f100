public import DecantBytes
public import DecantIR

/// Reads and writes one array as a `.npy` file.
public enum NumPyFile {
  /// The array in the file at `path`. Little-endian arrays in row-major order stay in the mapped file; others are copied.
  ///
  /// - Throws: `unreadable`, `malformed` or `unsupported`, with the path.
  public static func read(_ path: String, budget: Budget = Budget()) throws(DecantError) -> Tensor {
    try decode(try MappedFile.open(path).bytes, at: [path], budget: budget)
  }

  /// The array that `bytes` hold, found at `place`.
  ///
  /// - Throws: `malformed`, `unsupported` or `overBudget`.
  public static func decode(
    _ bytes: ByteSlice, at place: [String] = [], budget: Budget = Budget()
  ) throws(DecantError) -> Tensor {
    do throws(WireError) {
      return try tensor(bytes, budget)
    } catch {
      throw place.reversed().reduce(error.within()) { $0.within($1) }
    }
  }

  private static func tensor(_ bytes: ByteSlice, _ budget: Budget) throws(WireError) -> Tensor {
    let header = try NumPyHeader(reading: bytes)
    let elements = bytes[header.length..<bytes.count]
    let (type, shape) = (header.dataType, header.shape)
    do throws(OpError) {
      let expected = try Tensor.byteCount(type, shape: shape)
      guard expected == elements.count else {
        throw OpError("expected \(expected) bytes for \(type)\(shape), got \(elements.count)")
      }
    } catch {
      throw WireError(.malformed, at: header.length, error.message)
    }
    let width = type.bitWidth / 8
    var plain = elements
    if header.isBigEndian {
      try budget.take(bytes: elements.count, for: "an array in big-endian order", at: header.length)
      // A complex number is two floats.
      plain = ElementOrder.swapped(elements, width: type == .complex64 || type == .complex128 ? width / 2 : width)
    }
    if header.isFortranOrder, shape.count > 1 {
      try budget.take(bytes: elements.count, for: "an array in Fortran order", at: header.length)
      plain = ElementOrder.rowMajor(plain, shape: shape, width: width)
    }
    do throws(OpError) {
      return try Tensor(type, shape: shape, bytes: plain)
    } catch {
      throw WireError(.malformed, at: header.length, error.message)
    }
  }

  /// Writes `tensor` to `path`.
  ///
  /// Types that NumPy lacks are written as what holds them: bfloat16 and 8-bit floats as the unsigned integers of their bits,
  /// narrow integers as bytes of the same value, float4 as bytes of its bits.
  ///
  /// - Returns: what had to be written otherwise, for the user; nil when nothing had to.
  /// - Throws: `cannotCreate`, `inputOutput`; `unsupported` for strings and absent data.
  @discardableResult
  public static func write(_ tensor: Tensor, to path: String, replacing: Bool = false) throws(DecantError) -> String? {
    let array = try StorableArray.make(tensor, for: path)
    let file = try AtomicFile(path, replacing: replacing, expecting: array.header.count + array.elements.count)
    try file.write(array.header)
    try file.write(array.elements)
    try file.commit()
    return array.note
  }
}

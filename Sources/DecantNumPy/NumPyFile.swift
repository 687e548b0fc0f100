public import DecantBytes
public import DecantIR

/// NumPy's `.npy`: one array.
public enum NumPyFile {
  /// Reads the array in the file at `path`; its elements stay in the mapped file where they can.
  ///
  /// - Throws: `unreadable`, `malformed`, or `unsupported` for Python objects and structured types.
  public static func read(_ path: String) throws(DecantError) -> Tensor {
    let file = try MappedFile.open(path)
    do throws(WireError) {
      return try parse(file.bytes)
    } catch {
      throw error.within(path)
    }
  }

  /// Reads the array in `bytes`.
  ///
  /// Versions 1 to 3, plain element types, little-endian (big-endian of one byte is the same). Arrays in column order are
  /// copied into row order.
  public static func parse(_ bytes: ByteSlice, base: Int = 0) throws(WireError) -> Tensor {
    var cursor = ByteCursor(bytes, base: base)
    let header = try NumPyHeader.read(&cursor)
    let data = try cursor.readSlice(cursor.remaining, "data")
    do throws(OpError) {
      let expected = try Tensor.byteCount(header.dataType, shape: header.shape)
      guard data.count == expected else {
        throw OpError("expected \(expected) bytes of \(header.dataType)\(header.shape), got \(data.count)")
      }
      guard header.isColumnMajor, header.shape.count > 1 else {
        return try Tensor(header.dataType, shape: header.shape, bytes: data)
      }
      return try Tensor(header.dataType, shape: header.shape, bytes: rowMajor(data, header))
    } catch {
      throw WireError(.malformed, at: cursor.base + bytes.count - data.count, error.message)
    }
  }

  /// Writes `tensor` to `path`, as version 1.
  ///
  /// - Throws: `cannotCreate` or `inputOutput`; `unsupported` for types that NumPy lacks.
  public static func write(_ tensor: Tensor, to path: String, replacing: Bool = false) throws(DecantError) {
    let (header, data) = try pieces(of: tensor, at: path)
    let file = try AtomicFile(path, replacing: replacing)
    try file.write(header)
    try file.write(data)
    try file.commit()
  }

  /// The header and the data of a file that holds `tensor`.
  static func pieces(of tensor: Tensor, at place: String) throws(DecantError) -> (header: [UInt8], data: ByteSlice) {
    guard let description = NumPyType.description(of: tensor.dataType), let data = tensor.bytes else {
      throw DecantError(
        .unsupported, "NumPy has no type for \(tensor.dataType)", at: [place],
        note: "write a folder of .pb files, or cast the output")
    }
    return (NumPyHeader.text(description, shape: tensor.shape), data)
  }

  private static func rowMajor(_ data: ByteSlice, _ header: NumPyHeader) -> ByteSlice {
    let width = header.dataType.bitWidth / 8
    var strides: [Int] = []
    var stride = width
    for extent in header.shape {
      strides.append(stride)
      stride *= extent
    }
    return ByteSlice(count: data.count) { span in
      var index = [Int](repeating: 0, count: header.shape.count)
      var source = 0
      var target = 0
      while target < data.count {
        for byte in 0..<width {
          let value = unsafe data.bytes.unsafeLoad(fromByteOffset: source + byte, as: UInt8.self)
          span.storeBytes(of: value, toByteOffset: target + byte, as: UInt8.self)
        }
        target += width
        var axis = index.count - 1
        while axis >= 0 {
          index[axis] += 1
          source += strides[axis]
          if index[axis] < header.shape[axis] { break }
          source -= strides[axis] * header.shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
  }
}

/// Element types by NumPy's names.
enum NumPyType {
  private static let names: [(String, DataType)] = [
    ("b1", .bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16),
    ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("c8", .complex64),
    ("c16", .complex128),
  ]

  /// The type that `description` names, as in `<f4`; nil for others.
  static func type(_ description: String) -> DataType? {
    guard let order = description.first else { return nil }
    let name = description.dropFirst()
    guard let type = names.first(where: { $0.0 == name })?.1 else { return nil }
    switch order {
    case "<", "|": return type
    case ">", "=": return type.bitWidth == 8 ? type : nil
    default: return nil
    }
  }

  /// NumPy's name of `type`; nil for types that it lacks.
  static func description(of type: DataType) -> String? {
    names.first { $0.1 == type }.map { (type.bitWidth == 8 ? "|" : "<") + $0.0 }
  }
}

internal import DecantBytes
internal import DecantIR

/// Cuts tensors into slices and stacks them.
enum TensorStack {
  /// Slice `place` along `axis`, without that axis. Precondition: both are in range.
  static func slice(_ tensor: Tensor, axis: Int, at place: Int) throws(OpError) -> Tensor {
    var shape = tensor.shape
    let extent = shape.remove(at: axis)
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *))
    if outer == 1, tensor.dataType.bitWidth >= 8, let slice = tensor.bytes {
      let size = inner * tensor.dataType.bitWidth / 8
      return try Tensor(tensor.dataType, shape: shape, bytes: slice[place * size..<(place + 1) * size])
    }
    let starts = inner == 0 ? [] : (0..<outer).map { ($0 * extent + place) * inner }
    if let strings = tensor.strings {
      return try Tensor(strings: starts.flatMap { strings[$0..<$0 + inner] }, shape: shape)
    }
    let (bytes, width) = try elements(tensor)
    let cut = starts.flatMap { bytes[$0 * width..<($0 + inner) * width] }
    return try joined(cut, tensor.dataType, shape)
  }

  /// The tensors along a new axis. Of none it is empty, and `type` tells the other extents; those that it does not know
  /// are 0.
  static func stack(
    _ tensors: [Tensor], axis: Int, type: ValueType, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    let shape = tensors.first?.shape ?? (type.shape ?? []).dimensions.map { $0.fixed ?? 0 }
    guard let dataType = tensors.first?.dataType ?? type.dataType else {
      throw OpError("a loop that ran 0 times has an output of unknown type", kind: .unsupported)
    }
    for tensor in tensors where tensor.shape != shape || tensor.dataType != dataType {
      throw OpError("expected \(dataType)\(shape) of every iteration, got \(tensor.dataType)\(tensor.shape)")
    }
    let place = try normalizeAxis(axis, rank: shape.count + 1)
    var result = shape
    result.insert(tensors.count, at: place)
    try context.checkSize(dataType, shape: result)
    let inner = shape[place...].reduce(1, *)
    let outer = inner == 0 || tensors.isEmpty ? 0 : shape[..<place].reduce(1, *)
    if dataType == .string {
      let parts = tensors.map { $0.strings ?? [] }
      let strings = (0..<outer).flatMap { row in parts.flatMap { $0[row * inner..<(row + 1) * inner] } }
      return try Tensor(strings: strings, shape: result)
    }
    var parts: [[UInt8]] = []
    var width = 1
    for tensor in tensors {
      let (bytes, size) = try elements(tensor)
      parts.append(bytes)
      width = size
    }
    var bytes: [UInt8] = []
    for row in 0..<outer {
      for part in parts { bytes += part[row * inner * width..<(row + 1) * inner * width] }
    }
    return try joined(bytes, dataType, result)
  }

  /// The bytes of the elements, packed ones in a byte each, and how many an element takes.
  private static func elements(_ tensor: Tensor) throws(OpError) -> (bytes: [UInt8], width: Int) {
    guard let slice = PackedElements.unpack(tensor).bytes else { throw OpError("the data of a tensor is not here") }
    return (unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }, max(tensor.dataType.bitWidth / 8, 1))
  }

  private static func joined(_ bytes: [UInt8], _ dataType: DataType, _ shape: [Int]) throws(OpError) -> Tensor {
    if dataType.isPacked { return try PackedElements.pack(bytes, dataType, shape: shape) }
    return try Tensor(dataType, shape: shape, bytes: ByteSlice(copying: bytes))
  }
}

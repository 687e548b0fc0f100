internal import COneDNN
internal import DecantIR

/// How the elements of a tensor lie in memory, as oneDNN describes it.
@safe final class Layout: @unchecked Sendable {
  /// The description, at one place for as long as the layout lives: it is large, and read at every call.
  let pointer: UnsafePointer<dnnl_memory_desc_t>
  /// How many bytes a tensor takes, padding included.
  let byteCount: Int

  /// oneDNN's limit.
  static let maximumRank = 12

  init(_ description: dnnl_memory_desc_t) {
    let place = UnsafeMutablePointer<dnnl_memory_desc_t>.allocate(capacity: 1)
    unsafe place.initialize(to: description)
    unsafe pointer = UnsafePointer(place)
    byteCount = unsafe decant_dnnl_layout_size(pointer)
  }

  deinit { unsafe pointer.deallocate() }

  /// Whether a tensor of this shape has elements, and is no larger than any that runs: oneDNN counts without checking.
  static func fits(_ shape: [Int]) -> Bool {
    guard let bytes = try? Tensor.byteCount(.float32, shape: shape) else { return false }
    return bytes > 0 && bytes <= 1 << 40
  }

  /// Row-major.
  static func dense(_ shape: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OpError) -> Layout {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * max(1, shape[axis + 1]) }
    return try strided(shape, strides, type)
  }

  /// With the given distances between neighbours along each axis, in elements.
  static func strided(
    _ shape: [Int], _ strides: [Int], _ type: dnnl_data_type_t = dnnl_f32
  ) throws(OpError) -> Layout {
    try make(shape, strides, type)
  }

  /// For oneDNN to choose.
  static func any(_ shape: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OpError) -> Layout {
    try make(shape, nil, type)
  }

  /// With the channels, axis 1, innermost.
  static func channelsLast(_ shape: [Int], _ type: dnnl_data_type_t) throws(OpError) -> Layout {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = shape[1]
    for axis in (2..<shape.count).reversed() {
      strides[axis] = step
      step *= shape[axis]
    }
    strides[0] = step
    return try make(shape, strides, type)
  }

  private static func make(
    _ shape: [Int], _ strides: [Int]?, _ type: dnnl_data_type_t
  ) throws(OpError) -> Layout {
    // A scalar is a vector of one.
    let extents = shape.isEmpty ? [1] : shape.map(Int64.init)
    let steps = strides.map { $0.isEmpty ? [1] : $0.map(Int64.init) }
    guard extents.count <= maximumRank else {
      throw OpError("oneDNN takes at most \(maximumRank) axes", kind: .unsupported)
    }
    var description = dnnl_memory_desc_t()
    let status = unsafe extents.withUnsafeBufferPointer { extents in
      guard let steps else {
        return unsafe decant_dnnl_layout(&description, Int32(extents.count), extents.baseAddress, type, nil)
      }
      return unsafe steps.withUnsafeBufferPointer { steps in
        unsafe decant_dnnl_layout(
          &description, Int32(extents.count), extents.baseAddress, type, steps.baseAddress)
      }
    }
    try Library.check(status, "describe the shape \(shape)")
    return Layout(description)
  }

  /// Whether tensors of both lie alike.
  func matches(_ other: Layout) -> Bool {
    unsafe self === other || decant_dnnl_layout_equal(pointer, other.pointer) != 0
  }
}

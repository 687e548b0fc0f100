internal import DecantIR

/// Calls loops in C on the addresses of tensors.
enum CodeLoops {
  /// A tensor that `body` writes from the elements of `source`.
  static func map(
    _ source: Tensor, as type: DataType, _ shape: [Int], _ byteLimit: Int,
    _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) -> Void
  ) throws(OpError) -> Tensor {
    var failure: OpError?
    let made = try unsafe Tensor.made(type, shape, byteLimit: byteLimit) { result in
      do throws(OpError) {
        try unsafe source.withAddress { unsafe body($0, result) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return made
  }

  static func signed(_ address: UnsafeRawPointer) -> UnsafePointer<Int8> {
    unsafe address.assumingMemoryBound(to: Int8.self)
  }
  static func signed(_ address: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int8> {
    unsafe address.assumingMemoryBound(to: Int8.self)
  }
  static func unsigned(_ address: UnsafeRawPointer) -> UnsafePointer<UInt8> {
    unsafe address.assumingMemoryBound(to: UInt8.self)
  }
  static func unsigned(_ address: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
    unsafe address.assumingMemoryBound(to: UInt8.self)
  }
  static func floats(_ address: UnsafeRawPointer) -> UnsafePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }
  static func floats(_ address: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }
}

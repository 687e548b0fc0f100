internal import CKernels
internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// A tensor in a layout of oneDNN's: written once by the primitive that makes it, then only read.
@safe final class LaidOutBuffer: @unchecked Sendable {
  let layout: Layout
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int

  /// Memory that is not initialized.
  init(_ layout: Layout) {
    self.layout = layout
    byteCount = max(1, layout.byteCount)
    guard let bytes = unsafe decant_bytes(byteCount) else { preconditionFailure("no memory for \(byteCount) bytes") }
    unsafe pointer = bytes
  }

  deinit { unsafe decant_free(pointer, byteCount) }

  /// As other kernels see it; `maker` has made it, and keeps what brings its results into row-major order.
  func tensor(_ shape: [Int], by maker: Primitive, threads: Int) -> RuntimeTensor {
    let unpack: @Sendable () throws(OpError) -> Tensor = { () throws(OpError) in
      let (primitive, dense) = try maker.unpacker(shape, threads: threads)
      return try Tensor(of: Float.self, shape: shape, zeroed: false) { (span) throws(OpError) in
        try primitive.run([.source(.buffer(self))], into: &span, dense)
      }
    }
    return .laidOut(
      LaidOutTensor(type: ConcreteType(.float32, shape), byteCount: byteCount, content: self, unpack: unpack))
  }
}

/// Bytes that a primitive reads, with their owner.
enum Content: Sendable {
  case tensor(Tensor, Layout)
  case buffer(LaidOutBuffer)

  var layout: Layout {
    switch self {
    case .tensor(_, let layout): layout
    case .buffer(let buffer): buffer.layout
    }
  }

  /// Where the bytes are, for as long as the content is kept: its owner never moves them.
  var pointer: UnsafeMutableRawPointer? {
    switch self {
    case .tensor(let tensor, _):
      guard let slice = tensor.bytes else { return nil }
      return unsafe slice.bytes.withUnsafeBytes { unsafe UnsafeMutableRawPointer(mutating: $0.baseAddress) }
    case .buffer(let buffer): return unsafe buffer.pointer
    }
  }
}

internal import COneDNN
internal import DecantIR
internal import DecantRuntime
internal import Synchronization

/// Brings operands into the layouts that primitives want, keeping the copies' primitives for the next run.
final class Reorders: Sendable {
  private let threads: Int
  private let known = Mutex<[(from: Layout, to: Layout, primitive: Primitive)]>([])

  init(threads: Int) { self.threads = threads }

  /// `operand` as `wanted`; itself when it lies so already. A plain operand is seen under the extents `shape`, which have as
  /// many elements.
  func place(_ operand: RuntimeTensor, _ wanted: Layout, shape: [Int]? = nil) throws(OpError) -> Content {
    try convert(try Reorders.content(operand, shape: shape), to: wanted)
  }

  /// `content` as `wanted`; itself when it lies so already.
  func convert(_ content: Content, to wanted: Layout) throws(OpError) -> Content {
    let layout = content.layout
    if layout.matches(wanted) { return content }
    let buffer = LaidOutBuffer(wanted)
    try primitive(from: layout, to: wanted).run([.source(content)], into: buffer)
    return .buffer(buffer)
  }

  /// `operand` as it lies.
  static func content(_ operand: RuntimeTensor, shape: [Int]? = nil) throws(OpError) -> Content {
    switch operand {
    case .plain(let tensor):
      return .tensor(tensor.aligned, try .dense(shape ?? tensor.shape))
    case .laidOut(let tensor):
      if shape == nil, let images = ChannelsLast.of(operand) {
        return .tensor(images.tensor.aligned, try .channelsLast(images.shape, dnnl_f32))
      }
      guard let buffer = tensor.content as? LaidOutBuffer else {
        let plain = try tensor.unpack()
        return .tensor(plain, try .dense(shape ?? plain.shape))
      }
      return .buffer(buffer)
    }
  }

  private func primitive(from source: Layout, to destination: Layout) throws(OpError) -> Primitive {
    let found = known.withLock { list in
      list.first { $0.from.matches(source) && $0.to.matches(destination) }?.primitive
    }
    if let found { return found }
    let made = try Primitive.reorder(from: source, to: destination, threads: threads)
    known.withLock { list in
      if list.count < 8 { list.append((source, destination, made)) }
    }
    return made
  }
}

extension Primitive {
  /// Runs it and gives the result as `shape`: plain where it lies so, else in oneDNN's layout.
  func result(_ arguments: [Argument], shape: [Int], byteLimit: Int, threads: Int) throws(OpError) -> RuntimeTensor {
    if isDense { return .plain(try plainResult(arguments, shape: shape, byteLimit: byteLimit)) }
    if isChannelsLast, shape.count >= 3 {
      let images = try plainResult(arguments, shape: ChannelsLast.extents(of: shape), byteLimit: byteLimit)
      return ChannelsLast(images).runtime
    }
    try Primitive.check(destination.byteCount, shape, byteLimit)
    let buffer = LaidOutBuffer(destination)
    try run(arguments, into: buffer)
    return buffer.tensor(shape, by: self, threads: threads)
  }

  /// Runs it and gives the result as `shape`; its layout is row-major, perhaps under other extents.
  func plainResult(_ arguments: [Argument], shape: [Int], byteLimit: Int) throws(OpError) -> Tensor {
    let layout = destination
    try Primitive.check(layout.byteCount, shape, byteLimit)
    return try Tensor(of: Float.self, shape: shape, zeroed: false) { (span) throws(OpError) in
      try run(arguments, into: &span, layout)
    }
  }

  private static func check(_ bytes: Int, _ shape: [Int], _ byteLimit: Int) throws(OpError) {
    guard bytes <= byteLimit else {
      throw OpError(
        "a result of f32\(shape) needs \(bytes) bytes, more than the \(byteLimit) allowed", kind: .overBudget)
    }
  }
}

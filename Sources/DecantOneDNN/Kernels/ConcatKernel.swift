internal import COneDNN
internal import DecantIR
internal import DecantRuntime
internal import Synchronization

/// Concatenation; the result lies as oneDNN likes best for the layouts of the operands.
struct ConcatKernel: Kernel {
  let takesLayouts = true
  private let axis: Int
  private let shape: [Int]
  private let threads: Int
  private let known = Known()

  private final class Known: Sendable {
    let list = Mutex<[(layouts: [Layout], primitive: Primitive)]>([])
  }

  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    // Below four axes nothing lies otherwise than row by row, and copying rows is faster.
    guard let first = request.operand(0), first.rank >= 4, request.operands.count >= 2 else { return nil }
    guard let given = request.attributes.int("axis") else { return nil }
    let axis = try normalizeAxis(given, rank: first.rank)
    var shape = first.shape
    shape[axis] = 0
    for operand in request.operands {
      guard let operand, operand.rank == shape.count else { return nil }
      for index in shape.indices where index != axis && operand.shape[index] != shape[index] { return nil }
      shape[axis] += operand.shape[axis]
    }
    return ConcatKernel(axis: axis, shape: shape, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var contents: [Content] = []
    for index in call.operands.indices { contents.append(try Reorders.content(call.operand(index))) }
    let arguments = contents.enumerated().map { Primitive.Argument.multiple($0, $1) }
    let primitive = try primitive(for: contents.map(\.layout))
    return [try primitive.result(arguments, shape: shape, byteLimit: call.byteLimit, threads: threads)]
  }

  private func primitive(for layouts: [Layout]) throws(OpError) -> Primitive {
    let found = known.list.withLock { list in
      list.first { zip($0.layouts, layouts).allSatisfy { $0.matches($1) } }?.primitive
    }
    if let found { return found }
    let made = try Primitive.make(threads: Primitive.threads(threads, elements: shape)) { made, threads in
      unsafe layouts.map { unsafe $0.pointer.pointee }.withUnsafeBufferPointer { layouts in
        unsafe decant_dnnl_concat(&made, threads, Int32(layouts.count), Int32(axis), layouts.baseAddress)
      }
    }
    guard let made else { throw OpError("oneDNN does not take these layouts", kind: .unsupported) }
    known.list.withLock { list in
      if list.count < 8 { list.append((layouts, made)) }
    }
    return made
  }
}

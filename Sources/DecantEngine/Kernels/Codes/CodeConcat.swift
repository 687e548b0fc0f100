internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearConcat`: each part's codes are looked up on the grid of the result, and put beside the others.
struct CodeConcat: Kernel {
  let takesLayouts = true
  private let axis: Int
  private let shape: [Int]
  private let type: DataType
  private let parts: [Part]
  private let threads: Int

  /// An operand, and the code on the result's grid for each of its codes; nil where they are the same.
  private struct Part: Sendable {
    let operand: Int
    let extent: Int
    let table: [UInt8]?
  }

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let first = request.operand(2), first.rank >= 1, request.operands.count % 3 == 2,
      let target = CodeGrid(request, scale: 0, zeroPoint: 1, request.operand(1)?.dataType)
    else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: 0), rank: first.rank)
    var shape = first.shape
    shape[axis] = 0
    var parts: [Part] = []
    for index in stride(from: 2, to: request.operands.count, by: 3) {
      guard let part = request.operand(index), part.rank == shape.count, part.dataType == target.dataType,
        part.shape.allSatisfy({ $0 > 0 }),
        CodeGrid(request, scale: index + 1, zeroPoint: index + 2, part.dataType) != nil
      else { return nil }
      for place in shape.indices where place != axis && part.shape[place] != shape[place] { return nil }
      shape[axis] += part.shape[axis]
      guard let table = try table(request, index, target.dataType) else { return nil }
      parts.append(Part(operand: index, extent: part.shape[axis], table: table.isIdentity ? nil : table.codes))
    }
    return CodeConcat(axis: axis, shape: shape, type: target.dataType, parts: parts, threads: request.threads)
  }

  /// What the definition makes of every code of a part, in the order of their bits.
  private static func table(
    _ request: KernelRequest, _ index: Int, _ type: DataType
  ) throws(OpError) -> (codes: [UInt8], isIdentity: Bool)? {
    let codes = (0...255).map { UInt8($0) }
    let context = EvaluationContext(
      op: request.op, attributes: ["axis": .int(0)],
      operands: [
        request.constant(0), request.constant(1), Tensor(codes).reinterpreted(as: type), request.constant(index + 1),
        request.constant(index + 2),
      ])
    guard let result = try StandardOps().definition(of: request.op)?.evaluate?(context).first,
      let table = result.reinterpreted(as: .uint8).array(of: UInt8.self), table.count == 256
    else { return nil }
    return (table, table == codes)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var isLast = false
    for part in parts where shape.count >= 3 {
      if case .laidOut = try call.operand(part.operand) { isLast = true }
    }
    var tensors: [Tensor] = []
    for part in parts {
      let operand = try call.operand(part.operand)
      tensors.append(isLast ? try ChannelsLast.tensor(operand) : try operand.plain())
    }
    guard isLast else { return [.plain(try join(tensors, shape, axis, call))] }
    let last = [shape[0]] + shape[2...] + [shape[1]]
    let place = axis == 0 ? 0 : axis == 1 ? shape.count - 1 : axis - 1
    return [ChannelsLast(try join(tensors, last, place, call)).runtime]
  }

  private func join(_ tensors: [Tensor], _ shape: [Int], _ axis: Int, _ call: KernelCall) throws(OpError) -> Tensor {
    let (rows, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    let width = shape[axis] * inner
    var sources: [Source] = []
    for tensor in tensors { sources.append(try Source(tensor)) }
    let joined = try call.make(ConcreteType(type, shape), from: sources) { [sources] result in
      Shares.forEach(rows, cost: 4 * width, threads: threads) { range in
        var first = 0
        for (source, part) in zip(sources, parts) {
          let run = part.extent * inner
          for row in range {
            let (from, to) = unsafe (source.bytes(at: row * run), result.bytes(at: row * width + first))
            if let table = part.table {
              unsafe decant_map_codes(CodeLoops.unsigned(from), run, table, CodeLoops.unsigned(to))
            } else {
              unsafe to.copyMemory(from: from, byteCount: run)
            }
          }
          first += run
        }
      }
    }
    return try joined.plain()
  }
}

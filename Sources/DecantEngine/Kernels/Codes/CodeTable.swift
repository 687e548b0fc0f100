internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// A function from one code to another, as `QLinearSigmoid`: looked up in a table that the operator's definition fills.
struct CodeTable: Kernel {
  let takesLayouts = true
  private let table: [UInt8]
  private let type: DataType
  private let threads: Int

  static let make: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), x.dataType == .int8 || x.dataType == .uint8,
      x.shape.allSatisfy({ $0 > 0 }), let definition = StandardOps().definition(of: request.op)
    else { return nil }
    // In the order of their bits: signed codes begin with 0 and end with -1.
    let codes = Tensor((0...255).map { UInt8($0) }).reinterpreted(as: x.dataType)
    var operands: [Tensor?] = [codes]
    for index in request.operands.indices.dropFirst() {
      guard request.operands[index] == nil || request.constant(index) != nil else { return nil }
      operands.append(request.constant(index))
    }
    let context = EvaluationContext(op: request.op, attributes: request.attributes, operands: operands)
    guard let result = try definition.evaluate?(context).first, result.dataType == x.dataType,
      let table = result.reinterpreted(as: .uint8).array(of: UInt8.self), table.count == 256
    else { return nil }
    return CodeTable(table: table, type: x.dataType, threads: request.threads)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let operand = try call.operand(0)
    guard case .laidOut = operand else { return [.plain(try map(operand.plain(), call))] }
    return [ChannelsLast(try map(ChannelsLast.tensor(operand), call)).runtime]
  }

  private func map(_ codes: Tensor, _ call: KernelCall) throws(OpError) -> Tensor {
    let source = try Source(codes)
    let made = try call.make(ConcreteType(type, codes.shape), from: [source]) { result in
      Shares.forEach(codes.elementCount, cost: 4, threads: threads) { range in
        unsafe decant_map_codes(
          CodeLoops.unsigned(source.bytes(at: range.lowerBound)), range.count, table,
          CodeLoops.unsigned(result.bytes(at: range.lowerBound)))
      }
    }
    return try made.plain()
  }
}

public import DecantBytes
public import DecantIR
internal import CKernels

extension Tensor {
  /// The first element that is infinite or not a number; nil when all are numbers, or of a type without such values.
  public var firstNotFinite: (index: Int, value: Double)? {
    let tensor = aligned
    guard tensor.bytes != nil, dataType.isFloat else { return nil }
    switch dataType {
    case .float32:
      let values = tensor.span(of: Float.self)
      guard Tensor.holdsNotFinite(values) else { return nil }
      return values.indices.first { !values[$0].isFinite }.map { ($0, Double(values[$0])) }
    case .float64:
      let values = tensor.span(of: Double.self)
      return values.indices.first { !values[$0].isFinite }.map { ($0, values[$0]) }
    default:
      guard let values = tensor.floats else { return nil }
      return values.indices.first { !values[$0].isFinite }.map { ($0, Double(values[$0])) }
    }
  }

  private static func holdsNotFinite(_ values: Span<Float>) -> Bool {
    guard !values.isEmpty else { return false }
    let range = unsafe values.withUnsafeBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe decant_range_f32($0, buffer.count) }
    }
    return range.map { $0.nans + $0.positive_infinities + $0.negative_infinities > 0 } ?? false
  }
}

extension Graph {
  /// Refuses weights of products, tables and normalizations that hold an infinity or what is not a number, in all graphs.
  ///
  /// Other constants may: a mask is infinite on purpose.
  ///
  /// - Throws: `malformed`, naming the initializer and the element.
  public func refuseWeightsNotFinite() throws(DecantError) {
    for id in order {
      let node = self[id]
      for (_, inner) in node.subgraphs { try inner.refuseWeightsNotFinite() }
      guard isWeightedProduct(id) || Graph.readsWeights.contains(node.op) else { continue }
      for case let operand? in node.declaredOperands {
        guard let (index, value) = self[operand].constant?.firstNotFinite else { continue }
        throw DecantError(
          .malformed, "the element \(index) is \(value); weights must be finite",
          at: ["node '\(label(of: id))' (\(node.op))", "initializer '\(self[operand].name)'"])
      }
    }
  }

  private static let readsWeights: Set<OpName> = [
    "Gather", "BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization",
    "RMSNormalization",
  ]
}

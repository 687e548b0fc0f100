import DecantBytes
import DecantIR
import Testing

import DecantOps

/// Runs the reference kernel of `op`, after its schema and its shape inference agreed with the operands.
func evaluate(
  _ op: OpName, _ operands: [Tensor?], _ attributes: Attributes = [:], results count: Int = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> [Tensor] {
  let definition = try #require(StandardOps().definition(of: op), sourceLocation: sourceLocation)
  let types = try definition.infer(
    InferenceContext(
      op: op, attributes: attributes, types: operands.map { $0?.type }, resultCount: count, constants: operands))
  let kernel = try #require(definition.evaluate, sourceLocation: sourceLocation)
  let results = try kernel(
    EvaluationContext(
      op: op, attributes: attributes, operands: operands, wanted: Array(repeating: true, count: count),
      byteLimit: 1 << 28))
  for (type, result) in zip(types, results) {
    #expect(
      type.merged(with: result.type) != nil, "inferred \(type) for \(result.type)", sourceLocation: sourceLocation)
  }
  return results
}

/// What the definition of `op` infers.
func infer(
  _ op: OpName, _ types: [ValueType?], _ attributes: Attributes = [:], constants: [Tensor?] = [], results: Int = 1
) throws -> [ValueType] {
  let definition = try #require(StandardOps().definition(of: op))
  return try definition.infer(
    InferenceContext(op: op, attributes: attributes, types: types, resultCount: results, constants: constants))
}

/// Numbers that neither grow nor repeat at short distances: `(i · step mod modulus - offset) · scale`.
func ramp(_ shape: [Int], step: Int = 7, modulus: Int = 11, offset: Int = 5, scale: Float = 0.25) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor((0..<count).map { Float($0 * step % modulus - offset) * scale }, shape: shape)
}

/// A tensor of bools from zeros and ones.
func tensor(_ values: [Int], _ shape: [Int], of type: Boolean.Type) -> Tensor {
  Tensor(values.map { Boolean($0 != 0) }, shape: shape)
}

/// Expects the type and shape of `wanted`, and its numbers within a share of their range; integers exactly.
func expect(
  _ got: Tensor, _ wanted: Tensor, within tolerance: Float = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(got.type == wanted.type, sourceLocation: sourceLocation)
  guard wanted.dataType.isFloat, let a = got.floats, let b = wanted.floats, a.count == b.count else {
    #expect(got == wanted, "\(got.integers ?? []) for \(wanted.integers ?? [])", sourceLocation: sourceLocation)
    return
  }
  let finite = b.filter(\.isFinite)
  let range = max((finite.max() ?? 0) - (finite.min() ?? 0), finite.map(\.magnitude).max() ?? 0, 1e-6)
  let agrees = zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance * range }
  #expect(agrees, "\(a) for \(b)", sourceLocation: sourceLocation)
}

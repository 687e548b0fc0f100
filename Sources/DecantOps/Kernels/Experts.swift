internal import DecantIR

/// `MoE` and `QMoE`: every row goes through the few of many small networks that its router prefers.
enum ExpertsKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let first = try FloatExperts(context, weight: 2, bias: 3)
    let second = try FloatExperts(context, weight: 4, bias: 5)
    let gate = try context.optionalOperand(6) == nil ? nil : try FloatExperts(context, weight: 6, bias: 7)
    let routes = try Routes(context, weights: nil, isSelfNormalized: false)
    return try run(context, routes, first, second, gate: gate)
  }

  @Sendable static func evaluateQuantized(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let kind = context.attributes.string("quant_type") ?? "int"
    guard kind == "int" else { throw OpError("'quant_type' expected int, got '\(kind)'", kind: .unsupported) }
    guard context.attributes.int("weights_prepacked", default: -1) != 1 else {
      throw OpError("weights that a device has packed ahead are not supported", kind: .unsupported)
    }
    let first = try CodeExperts(context, number: 1, weight: 2, zeroPoint: 11)
    let second = try CodeExperts(context, number: 2, weight: 5, zeroPoint: 12)
    let gate =
      try context.optionalOperand(8) == nil ? nil : try CodeExperts(context, number: 3, weight: 8, zeroPoint: 13)
    // ONNX Runtime takes the softmax of the preferred ones only.
    let routes = try Routes(context, weights: 14, isSelfNormalized: true)
    return try run(context, routes, first, second, gate: gate)
  }

  private static func run<Experts: ExpertLayer>(
    _ context: EvaluationContext, _ routes: Routes, _ first: Experts, _ second: Experts, gate: Experts?
  ) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    let activation = try ExpertActivation(context.attributes, isGated: gate != nil)
    let width = activation.isFused ? first.rows / 2 : first.rows
    guard let hidden = input.shape.last, input.rank == 2 || input.rank == 3 else {
      throw OpError("operand 0: expected rank 2 or 3, got \(input.shape)")
    }
    guard first.inner == hidden, second.rows == hidden, second.inner == width,
      !activation.isFused || first.rows % 2 == 0,
      gate.map({ $0.rows == width && $0.inner == hidden }) ?? true
    else {
      throw OpError(
        "experts [\(first.rows),\(first.inner)] and [\(second.rows),\(second.inner)] do not fit an input \(input.shape)"
      )
    }
    guard [first.count, second.count, gate?.count ?? first.count].allSatisfy({ $0 == routes.experts }) else {
      throw OpError(
        "expected \(routes.experts) experts, as the router has them, got \(first.count) and \(second.count)")
    }
    let x = try context.numbers(0, as: Float.self)
    guard try product(routes.rows, hidden) == x.count else {
      throw OpError("operand 1: expected one row for each row of \(input.shape), got \(routes.rows)")
    }
    var result = [Float](repeating: 0, count: x.count)
    for expert in 0..<routes.experts where !routes.choices[expert].isEmpty {
      let (w, v) = (try first.dense(expert), try second.dense(expert))
      let third = try gate.map { (layer) throws(OpError) in try layer.dense(expert) }
      for (row, share) in routes.choices[expert] {
        let own = x[row * hidden..<(row + 1) * hidden]
        let inner = activation.apply(w.apply(own), gate: third?.apply(own))
        for (place, value) in v.apply(inner[...]).enumerated() { result[row * hidden + place] += share * value }
      }
    }
    return [try context.result(result, shape: input.shape, as: input.dataType)]
  }
}

/// Which rows go to which expert, and how much each counts.
private struct Routes {
  let rows: Int
  let experts: Int
  /// Of each expert.
  private(set) var choices: [[(row: Int, share: Float)]]

  init(_ context: EvaluationContext, weights: Int?, isSelfNormalized: Bool) throws(OpError) {
    guard context.attributes.int("use_sparse_mixer", default: 0) == 0 else {
      throw OpError("'use_sparse_mixer' expected 0, got 1", kind: .unsupported)
    }
    let router = try context.operand(1)
    guard router.rank == 2 else { throw OpError("operand 1: expected rank 2, got \(router.shape)") }
    (rows, experts) = (router.shape[0], router.shape[1])
    let count = context.attributes.int("k", default: 1)
    guard count >= 1, count <= experts else { throw OpError("'k' expected in 1...\(experts), got \(count)") }
    let scores = try context.numbers(1, as: Float.self)
    var given: [Float]?
    if let weights { given = try context.optionalNumbers(weights, shape: router.shape, as: Float.self) }
    let normalizes = context.attributes.int("normalize_routing_weights", default: 0) != 0
    choices = Array(repeating: [], count: experts)
    for row in 0..<rows {
      let own = scores[row * experts..<(row + 1) * experts]
      let best = (0..<experts).sorted { (own[own.startIndex + $0], $1) > (own[own.startIndex + $1], $0) }.prefix(count)
      let largest = own.max() ?? 0
      let powers = own.map { Float.exp($0 - largest) }
      let chosen = best.map { powers[$0] }.reduce(0, +)
      var shares = best.map { powers[$0] / (isSelfNormalized || normalizes ? chosen : powers.reduce(0, +)) }
      if let given {
        shares = best.map { given[row * experts + $0] }
        if normalizes { shares = shares.map { $0 / shares.reduce(0, +) } }
      }
      for (expert, share) in zip(best, shares) { choices[expert].append((row, share)) }
    }
  }
}

/// What stands between the two layers of an expert.
private struct ExpertActivation {
  private enum Kind: String, CaseIterable { case relu, gelu, silu, swiglu, identity }

  private let kind: Kind
  private let fusion: Int
  private let alpha: Float
  private let beta: Float
  private let limit: Float

  init(_ attributes: Attributes, isGated: Bool) throws(OpError) {
    kind = Kind(rawValue: try attributes.choice("activation_type", of: Kind.allCases.map(\.rawValue))) ?? .relu
    fusion = attributes.int("swiglu_fusion", default: 0)
    (alpha, beta) = (attributes.float("activation_alpha", default: 1), attributes.float("activation_beta", default: 0))
    limit = attributes.float("swiglu_limit", default: .infinity)
    guard (0...2).contains(fusion) else { throw OpError("'swiglu_fusion' expected 0, 1 or 2, got \(fusion)") }
    guard kind != .swiglu || isGated == (fusion == 0) else {
      throw OpError("'swiglu_fusion' expected \(isGated ? "0" : "1 or 2") with \(isGated ? "" : "no ")third layer")
    }
  }

  /// Whether the first layer gives the gate too.
  var isFused: Bool { kind == .swiglu && fusion != 0 }

  func apply(_ values: [Float], gate: [Float]?) -> [Float] {
    guard kind == .swiglu else {
      let result = values.map(pointwise)
      return gate.map { zip(result, $0).map { $0 * $1 } } ?? result
    }
    let width = isFused ? values.count / 2 : values.count
    return (0..<width).map { place in
      let pair: (Float, Float) =
        switch fusion {
        case 1: (values[2 * place], values[2 * place + 1])
        case 2: (values[place], values[width + place])
        default: (values[place], gate?[place] ?? 0)
        }
      let left = min(pair.0, limit)
      let right = max(min(pair.1, limit), -limit)
      return left * LogisticSigmoid().apply(alpha * left) * (right + beta)
    }
  }

  private func pointwise(_ x: Float) -> Float {
    switch kind {
    case .relu: max(x, 0)
    case .gelu: GaussianErrorLinearByTanh().apply(x)
    case .silu: SwishFunction(alpha: 1).apply(x)
    case .swiglu, .identity: x
    }
  }
}

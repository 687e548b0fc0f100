internal import DecantIR

/// Moves a bias by what the errors of coded weights add on average (Nagel et al. 2019).
///
/// With `δ = w − codes of w` and the mean `m` of the input, `b + m·δ` gives the mean result that the float layer has.
struct BiasCorrection {
  /// A bias that is more than this many times smaller than its correction tells that the means do not hold: it is left.
  private static let limit: Float = 2

  /// The layer and its bias: its own operand, or that of an Add behind a product.
  struct Site {
    let layer: NodeID
    let input: ValueID
    let holder: NodeID
    let operand: Int
  }

  /// The site of `layer`, or why there is none.
  static func site(_ layer: NodeID, _ graph: Graph) -> Result<Site, Absence> {
    let node = graph[layer]
    guard let input = node.operand(0) else { return .failure(Absence("it has no input")) }
    switch node.op {
    case "Conv", "Gemm":
      guard node.attributes.float("alpha", default: 1) == 1, node.attributes.float("beta", default: 1) == 1,
        node.attributes.int("transA", default: 0) == 0
      else { return .failure(Absence("it has a factor or a transposed input")) }
      guard node.operand(2) != nil else { return .failure(Absence("it has no bias")) }
      return .success(Site(layer: layer, input: input, holder: layer, operand: 2))
    case "MatMul":
      guard var value = node.result(0) else { return .failure(Absence("it has no result")) }
      // Columns left in float are added first.
      for _ in 0..<2 {
        guard let add = graph.onlyConsumer(of: value), graph[add].op == "Add", let sum = graph[add].result(0) else {
          break
        }
        let operand = graph[add].operand(0) == value ? 1 : 0
        if graph.constant(ofOperand: operand, of: add) != nil {
          return .success(Site(layer: layer, input: input, holder: add, operand: operand))
        }
        value = sum
      }
      return .failure(Absence("no Add of a constant is its only reader"))
    default: return .failure(Absence("it is no product"))
    }
  }

  /// The bias of `site` made right for weight errors `errors`, in the weight's layout; or why it stays.
  static func corrected(
    _ site: Site, errors: [Float], shape: [Int], means: [Float], _ graph: Graph
  ) -> Result<Tensor, Absence> {
    guard let bias = graph.constant(ofOperand: site.operand, of: site.holder), bias.dataType == .float32,
      let values = bias.floats
    else { return .failure(Absence("its bias is computed")) }
    guard let shift = shift(graph[site.layer], errors, shape, means) else {
      return .failure(Absence("its extents do not fit the statistics"))
    }
    guard values.count == shift.count, bias.shape.last == shift.count else {
      return .failure(Absence("its bias is not one number for each channel"))
    }
    let (most, largest) = (shift.map { abs($0) }.max() ?? 0, values.map { abs($0) }.max() ?? 0)
    guard most > 0 else { return .failure(Absence("there is nothing to correct")) }
    guard most <= limit * largest else {
      return .failure(Absence("the correction, up to \(most), is out of proportion to the bias, up to \(largest)"))
    }
    return .success(Tensor(zip(values, shift).map { $0 + $1 }, shape: bias.shape))
  }

  /// The mean of what the errors take from each output.
  private static func shift(_ node: Node, _ errors: [Float], _ shape: [Int], _ means: [Float]) -> [Float]? {
    let isOutputFirst = node.op == "Conv" || node.attributes.int("transB", default: 0) != 0
    guard isOutputFirst else {
      guard shape.count == 2, shape[0] == means.count else { return nil }
      var sums = [Double](repeating: 0, count: shape[1])
      for (index, error) in errors.enumerated() { sums[index % shape[1]] += Double(error * means[index / shape[1]]) }
      return sums.map { Float($0) }
    }
    guard shape.count >= 2, shape[0] > 0, shape[1] > 0 else { return nil }
    let groups = node.op == "Conv" ? node.attributes.int("group", default: 1) : 1
    guard groups > 0, shape[0] % groups == 0, shape[1] * groups == means.count else { return nil }
    let kernel = shape[2...].reduce(1, *)
    let run = shape[1] * kernel
    return (0..<shape[0]).map { output in
      let first = output / (shape[0] / groups) * shape[1]
      var sum = 0.0
      for index in 0..<run { sum += Double(errors[output * run + index] * means[first + index / kernel]) }
      return Float(sum)
    }
  }
}

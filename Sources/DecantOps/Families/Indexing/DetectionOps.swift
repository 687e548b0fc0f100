internal import DecantIR

/// Choosing among boxes that overlap.
enum DetectionOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "NonMaxSuppression",
      schema: OpSchema(
        since: 10,
        reads: ["boxes", "scores", "max_output_boxes_per_class?", "iou_threshold?", "score_threshold?"],
        gives: ["selected_indices"], attributes: [.init("center_point_box", .int)]),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.int64, [.unknown, 3])]
  }

  /// A rectangle by its lower and upper corner.
  private struct Box {
    let low: (Float, Float)
    let high: (Float, Float)

    init(_ numbers: ArraySlice<Float>, hasCenter: Bool) {
      let (a, b, c, d) = (
        numbers[numbers.startIndex], numbers[numbers.startIndex + 1], numbers[numbers.startIndex + 2],
        numbers[numbers.startIndex + 3]
      )
      if hasCenter {
        (low, high) = ((a - c / 2, b - d / 2), (a + c / 2, b + d / 2))
      } else {
        (low, high) = ((min(a, c), min(b, d)), (max(a, c), max(b, d)))
      }
    }

    var area: Float { (high.0 - low.0) * (high.1 - low.1) }

    /// The area common to both over the area of their union.
    func overlap(_ other: Box) -> Float {
      let width = min(high.0, other.high.0) - max(low.0, other.low.0)
      let height = min(high.1, other.high.1) - max(low.1, other.low.1)
      guard width > 0, height > 0 else { return 0 }
      let common = width * height
      let union = area + other.area - common
      return union > 0 ? common / union : 0
    }
  }

  /// For each batch and class, boxes by falling score, each kept unless it overlaps a kept one by more than the threshold.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (boxes, scores) = (try context.operand(0), try context.operand(1))
    guard boxes.rank == 3, scores.rank == 3, boxes.shape[2] == 4, boxes.shape[0] == scores.shape[0],
      boxes.shape[1] == scores.shape[2], let corners = boxes.array(of: Float.self),
      let values = scores.array(of: Float.self)
    else {
      throw OpError(
        "expected boxes f32[batch,n,4] and scores f32[batch,classes,n], got \(boxes.type) and \(scores.type)")
    }
    let limit = try context.optionalOperand(2) == nil ? 0 : try context.integers(2).first ?? 0
    let overlapLimit = try context.optionalOperand(3)?.floats?.first ?? 0
    let scoreLimit = try context.optionalOperand(4)?.floats?.first
    let hasCenter = context.attributes.int("center_point_box", default: 0) != 0
    let (classes, count) = (scores.shape[1], scores.shape[2])
    var selected: [Int64] = []
    for batch in 0..<scores.shape[0] {
      let all = (0..<count).map { Box(corners[((batch * count + $0) * 4)...].prefix(4), hasCenter: hasCenter) }
      for item in 0..<classes {
        let line = values[((batch * classes + item) * count)...].prefix(count)
        let score = { (index: Int) in line[line.startIndex + index] }
        var kept: [Int] = []
        let order = (0..<count).filter { index in scoreLimit.map { score(index) > $0 } ?? true }
          .sorted { score($0) > score($1) || (!(score($1) > score($0)) && $0 < $1) }
        for index in order where kept.count < limit {
          if kept.allSatisfy({ all[index].overlap(all[$0]) <= overlapLimit }) { kept.append(index) }
        }
        for index in kept { selected += [Int64(batch), Int64(item), Int64(index)] }
      }
    }
    return [Tensor(selected, shape: [selected.count / 3, 3])]
  }
}

internal import DecantIR

/// Resizing as older versions spell it: with empty operands, without a choice of places, and as `Upsample`.
enum ResizeDowngrades {
  static let steps = [
    OpsetStep("Resize", 18, axes), OpsetStep("Resize", 13, filled), OpsetStep("Resize", 11, places),
    OpsetStep("Resize", 10, rename),
    OpsetStep("Upsample", 9, scales),
  ]

  /// Scales or sizes of some axes become those of all, and a policy on their ratio becomes the sizes that come of it.
  private static func axes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    let policy = attributes.string("keep_aspect_ratio_policy") ?? "stretch"
    guard attributes["axes"] != nil || policy != "stretch" else {
      rewriter.setAttribute(node, "keep_aspect_ratio_policy", nil)
      return
    }
    guard rewriter.graph[node].operand(1) == nil || attributes["axes"] == nil else {
      throw OpError("older versions have no attribute 'axes'")
    }
    guard let shape = rewriter.graph.type(ofOperand: 0, of: node)?.shape else {
      throw OpError("older versions have no attribute 'axes', and the rank is not known")
    }
    let axes = try (attributes.ints("axes") ?? Array(0..<shape.rank)).map { (axis) throws(OpError) in
      try normalizeAxis(axis, rank: shape.rank)
    }
    if rewriter.graph[node].operand(2) != nil {
      try scaleAll(node, axes, rank: shape.rank, &rewriter)
    } else {
      try sizeAll(node, axes, shape, policy, &rewriter)
    }
    rewriter.setAttribute(node, "axes", nil)
    rewriter.setAttribute(node, "keep_aspect_ratio_policy", nil)
  }

  private static func scaleAll(_ node: NodeID, _ axes: [Int], rank: Int, _ rewriter: inout Rewriter) throws(OpError) {
    guard let scales = rewriter.knownOperand(2, of: node)?.floats, scales.count == axes.count else {
      throw OpError("older versions have no attribute 'axes', and 'scales' is computed")
    }
    var all = [Float](repeating: 1, count: rank)
    for (axis, scale) in zip(axes, scales) { all[axis] = scale }
    rewriter.putOperand(2, of: node, rewriter.addInitializer("scales", Tensor(all)))
  }

  private static func sizeAll(
    _ node: NodeID, _ axes: [Int], _ shape: Shape, _ policy: String, _ rewriter: inout Rewriter
  ) throws(OpError) {
    let extents = shape.dimensions.compactMap(\.fixed)
    guard var sizes = try rewriter.integers(ofOperand: 3, of: node, as: "sizes"), sizes.count == axes.count,
      extents.count == shape.rank, axes.allSatisfy({ extents[$0] > 0 })
    else { throw OpError("older versions have no attribute 'axes', and the shape is not known") }
    if policy != "stretch" {
      let scales = zip(axes, sizes).map { Double($1) / Double(extents[$0]) }
      guard let scale = policy == "not_larger" ? scales.min() : scales.max() else { return }
      sizes = axes.map { Int64((scale * Double(extents[$0])).rounded(.toNearestOrAwayFromZero)) }
    }
    var all = extents.map { Int64($0) }
    for (axis, size) in zip(axes, sizes) { all[axis] = size }
    rewriter.putOperand(3, of: node, rewriter.sharedInitializer(Tensor(all), role: "sizes"))
  }

  private static func filled(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for (index, role) in [(1, "no_roi"), (2, "no_scales")] where rewriter.graph[node].operand(index) == nil {
      rewriter.putOperand(index, of: node, rewriter.sharedInitializer(Tensor([Float]()), role: role))
    }
  }

  private static func places(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    let mode = attributes.string("mode") ?? "nearest"
    guard mode != "cubic", rewriter.graph[node].operand(3) == nil, let scales = rewriter.graph[node].operand(2),
      attributes.string("coordinate_transformation_mode") == "asymmetric",
      mode != "nearest" || attributes.string("nearest_mode") == "floor"
    else { throw OpError("older versions only resize by scales, asymmetrically and rounding down") }
    let roi = rewriter.graph[node].operand(1)
    rewriter.setOperands(node, [rewriter.graph[node].operand(0), scales])
    if let roi { rewriter.eraseUnread(roi) }
    for name in [
      "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value",
    ] {
      rewriter.setAttribute(node, name, nil)
    }
  }

  private static func rename(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setOp(node, "Upsample")
  }

  private static func scales(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let scales = rewriter.knownOperand(1, of: node)?.floats else {
      throw OpError("the scales are computed, and older versions take a constant")
    }
    rewriter.setAttribute(node, "scales", .floats(scales))
    rewriter.cutOperands(from: 1, of: node)
  }
}

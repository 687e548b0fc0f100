internal import DecantIR

/// Sampling at computed places: modes that were renamed, and a default that changed.
enum SamplingUpgrades {
  static let steps = [OpsetStep("GridSample", 20, gridSample), OpsetStep("RoiAlign", 16, regionAlign)]

  private static func gridSample(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let modes = ["bilinear": "linear", "bicubic": "cubic"]
    guard let mode = rewriter.graph[node].attributes.string("mode").flatMap({ modes[$0] }) else { return }
    rewriter.setAttribute(node, "mode", .string(ByteString(mode)))
  }

  /// Before, coordinates were always taken as the output's.
  private static func regionAlign(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "coordinate_transformation_mode", .string("output_half_pixel"))
  }
}

internal import DecantIR

/// Sampling at computed places, as older versions spell it.
enum SamplingDowngrades {
  static let steps = [OpsetStep("GridSample", 20, gridSample), OpsetStep("RoiAlign", 16, regionAlign)]

  private static func gridSample(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let modes = ["linear": "bilinear", "cubic": "bicubic"]
    guard let mode = rewriter.graph[node].attributes.string("mode").flatMap({ modes[$0] }) else { return }
    rewriter.setAttribute(node, "mode", .string(ByteString(mode)))
  }

  private static func regionAlign(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.string("coordinate_transformation_mode") == "output_half_pixel" else {
      throw OpError("older versions only take coordinates as 'output_half_pixel'")
    }
    rewriter.setAttribute(node, "coordinate_transformation_mode", nil)
  }
}

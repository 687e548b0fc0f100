internal import DecantIR

/// `Scan` before opset 9, which ran over every sequence of a batch on its own.
enum ScanUpgrades {
  static let steps = [OpsetStep("Scan", 9, refuse)]

  private static func refuse(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    throw OpError("'Scan' of opset 8 runs over batches: expected opset 9 or later", kind: .unsupported)
  }
}

internal import DecantForms
internal import DecantIR

/// Chooses the codes of a weight, some outputs at a time; ready for one weight, with whatever it learned from data.
protocol WeightCoder: Sendable {
  /// The codes of the outputs in `panel`.
  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) throws(OpError) -> BlockRows
}

/// All changes of form that a writer takes nodes back over, by family.
enum DowngradeCatalog {
  static let steps: [OpsetStep] =
    AttributeDowngrades.steps + AxesDowngrades.steps + ConstantDowngrades.steps + LimitDowngrades.steps
    + NormalizationDowngrades.steps + OperandDowngrades.steps + QuantizationDowngrades.steps + ResizeDowngrades.steps
    + SamplingDowngrades.steps + ScanDowngrades.steps + ScatterDowngrades.steps + SoftmaxDowngrades.steps
    + SplitDowngrades.steps
}

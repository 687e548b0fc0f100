/// All changes of form that a reader brings nodes over, by family.
enum UpgradeCatalog {
  static let steps: [OpsetStep] =
    AxesUpgrades.steps + BroadcastUpgrades.steps + ClassicalUpgrades.steps + EarlyUpgrades.steps + LimitUpgrades.steps
    + NormalizationUpgrades.steps + ResizeUpgrades.steps
    + SamplingUpgrades.steps + ScanUpgrades.steps + ScatterUpgrades.steps + SoftmaxUpgrades.steps + SplitUpgrades.steps
}

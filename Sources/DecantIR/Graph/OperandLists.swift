extension [ValueID?] {
  /// Without the operands or results that are left out at the end.
  package var droppingLastNils: [ValueID?] {
    var kept = self
    while kept.last == .some(nil) { kept.removeLast() }
    return kept
  }
}

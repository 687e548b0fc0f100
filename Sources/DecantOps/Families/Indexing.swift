internal import DecantIR

/// Constants, and operators that pick, place, search and count elements.
enum Indexing {
  static let definitions: [OpDefinition] = [
    ArgumentOps.definitions,
    ConstantOps.definitions,
    CumulativeOps.definitions,
    DetectionOps.definitions,
    GatherOps.definitions,
    MaskOps.definitions,
    ScatterOps.definitions,
    SequenceRangeOps.definitions,
    TopKOps.definitions,
    UniqueOps.definitions,
  ].flatMap { $0 }
}

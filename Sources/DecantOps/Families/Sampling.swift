internal import DecantIR

/// Values taken from between the places of a grid.
enum Sampling {
  static let definitions: [OpDefinition] = [
    GridOps.definitions,
    RegionOps.definitions,
  ].flatMap { $0 }
}

internal import DecantIR

/// Operators that move elements or change shapes.
enum Layout {
  static let definitions: [OpDefinition] = [
    CenterCropPadOps.definitions,
    JoinOps.definitions,
    PadOps.definitions,
    RepeatOps.definitions,
    ReshapeOps.definitions,
    ResizeOps.definitions,
    ShapeOps.definitions,
    SliceOps.definitions,
    SqueezeOps.definitions,
    TransposeOps.definitions,
  ].flatMap { $0 }
}

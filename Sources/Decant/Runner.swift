public import DecantBytes
public import DecantIR
public import DecantRuntime

/// Runs a model once on arrays as they are, or sample by sample when they hold more than the model takes at once.
public enum Runner {
  /// The outputs for `source`; outputs of several runs are put together along the first axis.
  ///
  /// - Throws: what running throws, and `malformed` for arrays that do not fit.
  public static func run(_ executor: Executor, _ source: ArraySource) throws(DecantError) -> [NamedValue] {
    if !source.composites.isEmpty || fits(executor.inputs, source.arrays) {
      return try executor.run(values: used(executor, source)).outputs
    }
    let samples = try SampleSet(source.arrays, for: executor.inputs, batch: 8)
    var pieces: [[NamedValue]] = []
    for index in 0..<samples.count { pieces.append(try executor.run(try samples.inputs(index)).outputs) }
    return try executor.outputNames.indices.map { (output) throws(DecantError) -> NamedValue in
      let name = executor.outputNames[output]
      let tensors = try pieces.map { (piece) throws(DecantError) in try piece[output].tensor }
      do throws(OpError) {
        return NamedValue(name: name, value: .tensor(try Tensor(joining: tensors)))
      } catch {
        throw DecantError(error, at: [name])
      }
    }
  }

  /// The inputs of the first run, of `batch` samples where the model leaves open how many it takes.
  ///
  /// - Throws: `malformed` for arrays that do not fit.
  public static func firstInputs(
    _ executor: Executor, _ source: ArraySource, batch: Int = 1
  ) throws(DecantError) -> [String: Tensor] {
    do throws(DecantError) {
      return try SampleSet(source.arrays, for: executor.inputs, batch: batch).inputs(0)
    } catch {
      // Not samples then: states beside sequences have other first axes.
      guard fits(executor.inputs, source.arrays) else { throw error }
      return try used(executor, source).compactMapValues(\.tensor)
    }
  }

  private static func used(_ executor: Executor, _ source: ArraySource) throws(DecantError) -> [String: RuntimeValue] {
    let names = Set(executor.inputs.map(\.name))
    for input in executor.inputs
    where source.arrays[input.name] == nil && source.composites[input.name] == nil && !input.hasDefault {
      let found = source.arrays.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw DecantError(.malformed, "there is no array for the input '\(input.name)', only \(found)")
    }
    let arrays = source.arrays.filter { names.contains($0.key) }
    return arrays.mapValues { .tensor($0) }.merging(source.composites) { _, composite in composite }
  }

  /// Whether every array can be the whole input: same rank, and the same numbers wherever the model has some.
  private static func fits(_ inputs: [InputPort], _ arrays: [String: Tensor]) -> Bool {
    inputs.allSatisfy { input in
      guard let array = arrays[input.name], let shape = input.type.shape else { return true }
      return shape.merged(with: Shape(array.shape)) != nil
    }
  }
}

extension Tensor {
  /// The elements of `pieces` one after the other along the first axis; scalars make a vector.
  ///
  /// - Throws: ``OpError`` for no pieces, for types or inner extents that differ, and for packed types.
  init(joining pieces: [Tensor]) throws(OpError) {
    guard let first = pieces.first else { throw OpError("there is nothing to join") }
    if pieces.count == 1 {
      self = first
      return
    }
    guard pieces.allSatisfy({ $0.dataType == first.dataType && $0.shape.dropFirst() == first.shape.dropFirst() }) else {
      throw OpError(
        "the outputs of the runs have different shapes: \(pieces.map { "\($0.shape)" }.joined(separator: ", "))")
    }
    let shape = [pieces.reduce(0) { $0 + ($1.shape.first ?? 1) }] + first.shape.dropFirst()
    if first.dataType == .string {
      try self.init(strings: pieces.flatMap { $0.strings ?? [] }, shape: shape)
      return
    }
    guard !first.dataType.isPacked else { throw OpError("outputs of \(first.dataType) cannot be put together") }
    try self.init(first.dataType, shape: shape, bytes: ByteSlice(joining: pieces.compactMap(\.bytes)))
  }
}

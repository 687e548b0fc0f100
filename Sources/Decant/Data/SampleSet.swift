public import DecantBytes
public import DecantIR
public import DecantRuntime

/// Arrays cut into samples: what commands run a model on, one piece after the other.
///
/// How an array is cut follows from the model's declared input: one more axis means one sample for each index; a fixed first
/// axis of `b` means pieces of `b`; an open first axis means pieces of the batch size, or of up to eight small samples. Inputs
/// of rank 0 go with every piece.
/// Pieces are slices of the mapped arrays.
public struct SampleSet: Sendable {
  /// How many runs the samples make.
  public let count: Int
  /// How many indices of the arrays' first axis there are.
  public let rows: Int
  private let cuts: [Cut]

  private struct Cut: Sendable {
    let name: String
    let array: Tensor
    let kind: Kind

    enum Kind: Sendable {
      case whole
      case element
      case rows(Int)
    }

    /// What run `index` takes.
    func piece(_ index: Int) throws(OpError) -> Tensor {
      switch kind {
      case .whole: array
      case .element: try array.rows(index..<index + 1).reshaped(Array(array.shape.dropFirst()))
      case .rows(let batch): try array.rows(index * batch..<min((index + 1) * batch, array.shape.first ?? 0))
      }
    }

    /// Where the first row of run `index` lies along the first axis.
    func firstRow(_ index: Int) -> Int {
      switch kind {
      case .whole: 0
      case .element: index
      case .rows(let batch): index * batch
      }
    }

    /// Where the first element of run `index` lies in the array.
    func start(_ index: Int) -> Int { firstRow(index) * array.shape.dropFirst().reduce(1, *) }

    /// Gives the memory of what run `index` took back to the system, so that a pass over any number of samples holds a few.
    func forget(_ index: Int) throws(OpError) {
      if case .whole = kind { return }
      try piece(index).bytes?.evict()
    }
  }

  /// Cuts `arrays`, by input name, for a model with `inputs`; arrays that are no input are left out.
  ///
  /// - Throws: `malformed` for inputs without an array and for arrays that do not fit or do not agree.
  public init(_ arrays: [String: Tensor], for inputs: [InputPort], batch: Int? = nil) throws(DecantError) {
    let batch = batch ?? SampleSet.usualBatch(arrays, inputs)
    var cuts: [Cut] = []
    var (runs, rows): (Int?, Int) = (nil, 1)
    for input in inputs {
      guard let array = arrays[input.name] else {
        guard input.hasDefault else {
          let names = arrays.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
          throw DecantError(.malformed, "there is no array for the input '\(input.name)', only \(names)")
        }
        continue
      }
      let (kind, pieces) = try SampleSet.cut(array, for: input, batch: batch)
      cuts.append(Cut(name: input.name, array: array, kind: kind))
      guard let pieces else { continue }
      guard runs == nil || runs == pieces else {
        throw DecantError(
          .malformed, "'\(input.name)' has samples for \(pieces) runs, and other inputs for \(runs ?? 0)")
      }
      runs = pieces
      rows = array.shape.first ?? 1
    }
    self.cuts = cuts
    self.rows = rows
    count = runs ?? 1
  }

  /// Where the first row of run `index` lies along the first axis of the arrays.
  func firstRow(_ index: Int) -> Int { cuts.map { $0.firstRow(index) }.max() ?? 0 }

  /// The inputs of run `index`, by name.
  public func inputs(_ index: Int) throws(DecantError) -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for cut in cuts {
      do throws(OpError) {
        inputs[cut.name] = try cut.piece(index)
        if index >= SampleSet.lag { try cut.forget(index - SampleSet.lag) }
      } catch {
        throw DecantError(error, at: [cut.name])
      }
    }
    return inputs
  }

  /// Refuses elements of run `index` that are infinite or not a number.
  ///
  /// - Throws: `malformed`, naming the input and the element of its array.
  func refuseNotFinite(_ inputs: [String: Tensor], run index: Int) throws(DecantError) {
    for cut in cuts {
      guard let (place, value) = inputs[cut.name]?.firstNotFinite else { continue }
      var (rest, indices) = (cut.start(index) + place, [Int]())
      for extent in cut.array.shape.reversed() where extent > 0 {
        indices.insert(rest % extent, at: 0)
        rest /= extent
      }
      throw DecantError(
        .malformed, "the element \(indices) is \(value); samples must be finite to learn from",
        at: ["input '\(cut.name)'"])
    }
  }

  /// How far behind the latest sample others are forgotten. A thread that still reads one loses nothing but time.
  private static let lag = 4

  /// How many bytes of an input go into a run. More at a time would not be faster, and what a model makes of a picture is many
  /// times as large.
  private static let usualBytes = 1 << 18

  private static func usualBatch(_ arrays: [String: Tensor], _ inputs: [InputPort]) -> Int {
    let sizes = inputs.compactMap { input in arrays[input.name].map { $0.byteCount / max($0.shape.first ?? 1, 1) } }
    return min(max(usualBytes / max(sizes.max() ?? 0, 1), 1), 8)
  }

  private static func cut(
    _ array: Tensor, for input: InputPort, batch: Int
  ) throws(DecantError) -> (kind: Cut.Kind, pieces: Int?) {
    guard let shape = input.type.shape, shape.rank > 0, let rows = array.shape.first else { return (.whole, nil) }
    guard rows > 0 else { throw DecantError(.malformed, "the array for '\(input.name)' holds no samples") }
    if array.rank == shape.rank + 1 { return (.element, rows) }
    guard array.rank == shape.rank else {
      throw DecantError(
        .malformed, "'\(input.name)': expected an array of shape \(shape) or with one more axis, got \(array.shape)")
    }
    guard let fixed = shape[0].fixed else { return (.rows(batch), (rows - 1) / batch + 1) }
    guard fixed > 0, rows % fixed == 0 else {
      throw DecantError(
        .malformed, "'\(input.name)': expected a multiple of \(fixed) samples, as \(shape) asks for, got \(rows)")
    }
    return (.rows(fixed), rows / fixed)
  }
}

extension Tensor {
  /// The slices `range` of the first axis, sharing the bytes.
  ///
  /// - Throws: ``OpError`` for scalars, packed types and ranges beyond the axis.
  func rows(_ range: Range<Int>) throws(OpError) -> Tensor {
    guard let first = shape.first, range.upperBound <= first, range.lowerBound >= 0 else {
      throw OpError("expected rows within \(shape.first ?? 0), got \(range)")
    }
    let inner = shape.dropFirst().reduce(1, *)
    let newShape = [range.count] + shape.dropFirst()
    if let strings {
      return try Tensor(strings: Array(strings[range.lowerBound * inner..<range.upperBound * inner]), shape: newShape)
    }
    guard let bytes, !dataType.isPacked else { throw OpError("an array of \(dataType) cannot be cut into samples") }
    let width = inner * dataType.bitWidth / 8
    return try Tensor(dataType, shape: newShape, bytes: bytes[range.lowerBound * width..<range.upperBound * width])
  }
}

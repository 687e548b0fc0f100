internal import ArgumentParser
internal import Decant

/// Which bits weights may have, and what they have to keep to.
struct MixedArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("For mixed: at most this many bits for a weight in the mean, as in 3.5.", valueName: "bits"))
  var bits: Double?
  @Option(
    help: ArgumentHelp("For mixed: at most this large a file, as in 20000000, 20MB or 19MiB.", valueName: "size"),
    transform: ByteAmount.init)
  var maxSize: ByteAmount?
  @Option(
    help: ArgumentHelp(
      "For mixed: at most this far from the float outputs on the samples, as 1 less the cosine.", valueName: "drop"))
  var maxDrop: Double?
  @Option(help: ArgumentHelp("For mixed: the bits to choose among; 2,3,4,8 by default.", valueName: "list"))
  var choices: String?
  @Option(help: ArgumentHelp("For mixed: at most this many runs for a figure; 4 by default.", valueName: "count"))
  var measureRuns: Int?
  @Option(
    help: ArgumentHelp("For mixed: how often exchanges between weights are tried; once by default.", valueName: "count")
  )
  var rounds: Int?

  func budget() throws -> PrecisionBudget {
    guard bits != nil || maxSize != nil || maxDrop != nil else {
      throw ValidationError("'--scheme mixed' expected a budget: --bits, --max-size or --max-drop")
    }
    guard bits.map({ $0 >= 1 && $0 <= 16 }) ?? true else {
      throw ValidationError("'--bits' expected 1 to 16, got \(bits ?? 0)")
    }
    guard maxDrop.map({ $0 > 0 && $0 <= 2 }) ?? true else {
      throw ValidationError("'--max-drop' expected more than 0 and at most 2, got \(maxDrop ?? 0)")
    }
    return PrecisionBudget(bits: bits, bytes: maxSize?.bytes, drop: maxDrop)
  }

  func numbersOfBits() throws -> [Int] {
    guard let choices else { return [2, 3, 4, 8] }
    let numbers = choices.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let known = numbers.compactMap { $0 }.filter { [2, 3, 4, 8].contains($0) }
    guard known.count == numbers.count, Set(known).count == known.count else {
      throw ValidationError("'--choices' expected some of 2, 3, 4 and 8, as in 4,8, got '\(choices)'")
    }
    return known.sorted()
  }

  func checkCounts() throws {
    guard measureRuns.map({ $0 > 0 }) ?? true else { throw ValidationError("'--measure-runs' expected at least 1") }
    guard rounds.map({ (0...100).contains($0) }) ?? true else {
      throw ValidationError("'--rounds' expected 0 to 100")
    }
  }
}

/// A number of bytes, as users write it.
struct ByteAmount {
  let bytes: Int

  init(_ text: String) throws {
    let units: [(suffix: String, factor: Double)] = [
      ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1),
      ("", 1),
    ]
    let unit = units.first { text.lowercased().hasSuffix($0.suffix.lowercased()) } ?? ("", 1)
    guard let number = Double(text.dropLast(unit.suffix.count)), number > 0, number * unit.factor < 1e15 else {
      throw ValidationError("expected a number of bytes, as in 20000000, 20MB or 19MiB, got '\(text)'")
    }
    bytes = Int(number * unit.factor)
  }
}

/// `--scheme mixed`.
extension QuantizeCommand {
  func validateMixed() throws {
    _ = try mixed.budget()
    _ = try mixed.numbersOfBits()
    try mixed.checkCounts()
    guard !samples.data.isEmpty else {
      throw ValidationError("'--scheme mixed' measures on samples: expected '--data'")
    }
  }

  func runMixed() throws -> QuantizationResult {
    let options = try weightOnly.options(bits: 4, style: style)
    let workflow = try MixedPrecisionWorkflow(
      try common.read(model), options, bits: try mixed.numbersOfBits(), isSymmetric: style.fixed.symmetricWeights,
      budget: try mixed.budget(), reporter: common.reporter)
    let set = try samples.samples(for: workflow.model.inputPorts)
    var measuring = MixedPrecisionWorkflow.Measuring(
      set, backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions)
    measuring.runs = mixed.measureRuns ?? measuring.runs
    measuring.rounds = mixed.rounds ?? measuring.rounds
    return try workflow.quantize(measuring)
  }
}

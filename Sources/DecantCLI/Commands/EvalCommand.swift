internal import ArgumentParser
internal import Decant

/// Accuracy on labelled data.
struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Shows how often a classifier's largest output is the label.",
    usage: """
      decant eval model.onnx --data heldout.npz --labels label
      decant eval model.onnx --data heldout.npz --labels label --min-accuracy 0.98
      """,
    discussion: "Exits with 1 when the accuracy misses --min-accuracy.")

  @Argument(help: "The model.") var model: String
  @Option(help: ArgumentHelp("Samples and labels: a .npz.", valueName: "file")) var data: String
  @Option(help: ArgumentHelp("The key of the labels in it.", valueName: "key")) var labels: String
  @Option(help: ArgumentHelp("The output with the scores; the first by default.", valueName: "name")) var scores:
    String?
  @Option(help: ArgumentHelp("The least accuracy.", valueName: "share")) var minAccuracy: Double?
  @Flag(help: "One JSON document: accuracy, correct, samples.") var json = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let executor = try Engine.executor(try common.read(model), engine, common.reporter)
    let source = try ArraySource([data], for: executor.inputs)
    guard let wanted = source.arrays[labels] else {
      let keys = source.arrays.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw DecantError(.usage, "expected labels under '\(labels)', and there are only \(keys)", at: [data])
    }
    let samples = try SampleSet(source.arrays, for: executor.inputs, batch: 32)
    let evaluation = try Evaluation(executor, on: samples, labels: wanted, output: scores, reporter: common.reporter)
    if json {
      let document: JSONObject = [
        "accuracy": .number(evaluation.accuracy), "correct": .integer(evaluation.correct),
        "samples": .integer(evaluation.count),
      ]
      TerminalText.output(JSON.object(document).text())
    } else {
      TerminalText.output(
        "accuracy \(Format.decimals(evaluation.accuracy, 4)) (\(evaluation.correct) of \(evaluation.count))\n")
    }
    if let minAccuracy, evaluation.accuracy < minAccuracy {
      throw DecantError(
        .refuted, "accuracy expected at least \(minAccuracy), got \(Format.decimals(evaluation.accuracy, 4))",
        at: [model])
    }
  }
}

import Decant
import DecantONNX
import DecantRuntime
import FoundationEssentials

/// What came of one case.
struct ConformanceResult: Sendable {
  let name: String
  let group: String
  /// The model's first operator.
  let op: String
  /// Why it did not pass; nil when it did.
  let failure: String?

  init(_ test: ConformanceCase, on backends: [[any Backend]]) {
    name = test.name
    group = test.group
    var firstOp = test.group
    do {
      let model = try ModelFile.read(test.folder + "/model.onnx")
      firstOp = model.graph.order.first { _ in true }.map { model.graph[$0].op.description } ?? firstOp
      failure = try ConformanceResult.failure(of: test, model, on: backends)
    } catch {
      failure = "\(error)".split(separator: "\n").first.map(String.init) ?? "failed"
    }
    op = firstOp
  }

  private static func failure(
    of test: ConformanceCase, _ model: Model, on backends: [[any Backend]]
  ) throws -> String? {
    let hasRandom = isRandom(model)
    let inferred = try InferredTypes(of: model)
    for (place, backend) in backends.enumerated() {
      let executor = try Executor(model, backends: backend, options: Executor.Options(threads: 1))
      for data in test.dataSets {
        var inputs: [String: RuntimeValue] = [:]
        for (index, input) in executor.inputs.enumerated() {
          let path = "\(data)/input_\(index).pb"
          guard FileManager.default.fileExists(atPath: path) else { continue }
          inputs[input.name] = try ONNXTestValue.read(path, type: input.type)
        }
        let watch = TypeWatch(inferred)
        for input in model.graph.inputs { inputs[model.graph[input].name].map { watch.see($0, as: input) } }
        let result = try executor.run(values: inputs, tap: place == 0 ? watch.tap : nil)
        for (index, output) in result.outputs.enumerated() {
          watch.see(output.value, as: model.graph.outputs[index].value)
          let path = "\(data)/output_\(index).pb"
          let type = model.graph[model.graph.outputs[index].value].type
          guard FileManager.default.fileExists(atPath: path) else { return "there is no \(path)" }
          let wanted = try ONNXTestValue.read(path, type: type)
          let closeness = Closeness(relative: test.relative, absolute: test.absolute, isRandom: hasRandom)
          if let difference = closeness.difference(output.value, wanted) {
            return "output \(index): \(difference)"
          }
        }
        if let contradiction = watch.contradiction { return contradiction }
      }
    }
    return nil
  }

  /// Whether a node draws random numbers, in the model or in one of its functions: a seed is only as good as the generator.
  private static func isRandom(_ model: Model) -> Bool {
    let drawn: Set<String> = [
      "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
    ]
    return ([model.graph] + model.functions.map(\.graph)).contains { graph in
      graph.order.contains { drawn.contains(graph[$0].op.type) }
    }
  }
}

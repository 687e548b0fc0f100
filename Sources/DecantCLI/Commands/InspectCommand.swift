internal import ArgumentParser
internal import Decant

/// What is in a model.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows format, interface, operators, parameters and bytes. Weights are never read.",
    usage: """
      decant inspect model.onnx
      decant inspect model.onnx --json
      """)

  @Argument(help: "The model.") var model: String
  @Flag(
    help: "One JSON document: format, opset, nodes, parameters, bytes, inputs, outputs, operators, quantized, largest.")
  var json = false
  @Option(help: ArgumentHelp("How many of the largest tensors to list.", valueName: "count")) var largest = 10
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard largest >= 0 else { throw ValidationError("'--largest' expected 0 or more") }
  }

  func run() throws {
    let inspection = Inspection(try common.read(model), largestCount: largest)
    TerminalText.output(json ? JSON.object(document(inspection)).text() : text(inspection))
  }

  private func text(_ inspection: Inspection) -> String {
    let source = inspection.source
    let opsets = source.opsets.map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }
    let producer = [source.producerName, source.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    var facts = Table()
    facts.add("format   \(source.format), IR \(source.irVersion), opset \(opsets.joined(separator: ", "))")
    if !producer.isEmpty { facts.add("producer \(producer)") }
    facts.add("graph    \(inspection.name)")
    for port in inspection.inputs { facts.add("input    \(port.name): \(port.type)") }
    for port in inspection.outputs { facts.add("output   \(port.name): \(port.type)") }
    facts.add(
      "nodes    \(Format.count(inspection.nodes))"
        + (inspection.functions > 0 ? ", \(inspection.functions) functions" : ""))
    if inspection.quantized.isQuantized { facts.add("codes    quantized: \(inspection.quantized.text) nodes") }
    let types = inspection.bytesByType.map { "\($0.type) \(Format.bytes($0.bytes))" }.joined(separator: ", ")
    facts.add(
      "weights  \(Format.count(inspection.parameters)) parameters in \(Format.count(inspection.tensors)) tensors, "
        + "\(Format.bytes(inspection.bytes))" + (types.isEmpty ? "" : " (\(types))"))
    var operators = Table(["operator", "nodes"])
    for (op, count) in inspection.operators { operators.add(op.description, Format.count(count)) }
    var weights = Table(["largest tensor", "type", "bytes"])
    for weight in inspection.largest {
      weights.add(weight.name, "\(weight.dataType)\(Shape(weight.shape))", Format.bytes(weight.bytes))
    }
    return facts.text + "\n" + operators.text + (inspection.largest.isEmpty ? "" : "\n" + weights.text)
  }

  private func document(_ inspection: Inspection) -> JSONObject {
    let source = inspection.source
    func ports(_ ports: [Inspection.Port]) -> JSON {
      .array(ports.map { .object(["name": .string($0.name), "type": .string($0.type.description)]) })
    }
    var opsets = JSONObject()
    for opset in source.opsets { opsets[opset.domain.isEmpty ? "ai.onnx" : opset.domain] = .integer(opset.version) }
    var operators = JSONObject()
    for (op, count) in inspection.operators { operators[op.description] = .integer(count) }
    var types = JSONObject()
    for (type, bytes) in inspection.bytesByType { types[type.name] = .integer(bytes) }
    var quantized = JSONObject()
    for (kind, count) in inspection.quantized.counts { quantized[kind.rawValue] = .integer(count) }
    let largest = inspection.largest.map { weight -> JSON in
      .object([
        "name": .string(weight.name), "type": .string(weight.dataType.name),
        "shape": .array(weight.shape.map { .integer($0) }), "bytes": .integer(weight.bytes),
      ])
    }
    return [
      "format": .string(source.format), "ir_version": .integer(source.irVersion),
      "opset": source.opset.map { .integer($0) } ?? .null, "opsets": .object(opsets),
      "producer": .string(source.producerName), "graph": .string(inspection.name), "nodes": .integer(inspection.nodes),
      "functions": .integer(inspection.functions), "parameters": .integer(inspection.parameters),
      "tensors": .integer(inspection.tensors), "bytes": .integer(inspection.bytes), "bytes_by_type": .object(types),
      "inputs": ports(inspection.inputs), "outputs": ports(inspection.outputs), "operators": .object(operators),
      "quantized": .object(quantized),
      "largest": .array(largest),
    ]
  }
}

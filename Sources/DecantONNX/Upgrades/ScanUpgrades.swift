internal import DecantIR

/// `Scan` before opset 9, which ran over every sequence of a batch on its own.
///
/// Given: `%s, %y = Scan(, %state, %x) {body: b}` at opset 8, where axis 0 is the batch and axis 1 the sequence.
/// Result: a `Scan` over axis 0 of all operands, whose body is a `Scan` of today with the body `b`.
enum ScanUpgrades {
  static let steps = [OpsetStep("Scan", 9, wrap)]

  private static func wrap(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let whole = rewriter.graph[node]
    let operands = Array(whole.declaredOperands)
    guard let body = whole.attributes.graph("body"), let scanned = whole.attributes.int("num_scan_inputs"),
      (1..<operands.count).contains(scanned)
    else {
      throw OpError("expected 'body' and 'num_scan_inputs' of 1 or more operands, got \(operands.count) operands")
    }
    guard operands.first == .some(nil) else {
      throw OpError("lengths of sequences, which 'Scan' takes no more", kind: .unsupported)
    }
    let directions = whole.attributes.ints("directions")
    let states = operands.count - 1 - scanned
    let (captures, results) = (whole.captureCount, whole.results.count)
    guard body.inputs.count == operands.count - 1 + captures, states <= results else {
      throw OpError("'body' expected to have \(operands.count - 1) inputs, got \(body.inputs.count - captures)")
    }
    let names = body.inputs.map { body[$0].name }
    var inner: Attributes = ["body": .graph(body), "num_scan_inputs": .int(Int64(scanned))]
    if let directions { inner["scan_input_directions"] = .ints(directions.map { Int64($0) }) }
    let outer = Graph.build(name: "batch") { batch in
      let inputs = names.map { batch.addInput($0, .unknown) }
      let scan = batch.addNode(
        "Scan", inputs, inner, name: "sequence", resultNames: (0..<results).map { "result_\($0)" },
        captureCount: captures)
      for (index, result) in batch.graph[scan].results.enumerated() {
        if let result { batch.addOutput("result_\(index)", result) }
      }
    }
    rewriter.setAttribute(node, "body", .graph(outer))
    rewriter.setAttribute(node, "directions", nil)
    rewriter.setAttribute(node, "num_scan_inputs", .int(Int64(operands.count - 1)))
    rewriter.setOperands(node, Array(operands.dropFirst()))
  }
}

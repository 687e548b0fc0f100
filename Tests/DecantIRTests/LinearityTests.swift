import DecantIR
import Testing

/// Edits cost what they change, whatever the size of the graph: counted in slots, at 10,000 and 40,000 nodes.
@Suite struct LinearityTests {
  enum Layout: CaseIterable, Sendable {
    /// Each node reads the one before.
    case chain
    /// Each node reads one constant.
    case fanOut
    /// Two nodes read one, and one reads the two.
    case diamonds

    func build(_ count: Int, _ rewriter: inout Rewriter) {
      var value = rewriter.addInput("x", .unknown)
      let constant = rewriter.addInitializer("c", Tensor(scalar: Float(1)))
      var side: ValueID?
      for index in 0..<count {
        switch self {
        case .chain: value = rewriter.add("Relu", [value], name: "n")
        case .fanOut: _ = rewriter.add("Relu", [constant], name: "n")
        case .diamonds:
          if index % 3 == 0 { side = rewriter.add("Relu", [value], name: "n") }
          if index % 3 == 1 { value = rewriter.add("Add", [value, constant], name: "n") }
          if index % 3 == 2 { value = rewriter.add("Mul", [value, side], name: "n") }
        }
      }
      rewriter.addOutput("y", value)
    }
  }

  enum Edit: CaseIterable, Sendable {
    case build, replaceEach, replaceConstant, moveUses, insertEach, eraseForward, eraseBackward, copyAndEdit, rename

    func run(_ rewriter: inout Rewriter) {
      switch self {
      case .build: return
      case .replaceEach:
        for node in rewriter.graph.order {
          guard let operand = rewriter.graph[node].operand(0), let result = rewriter.graph[node].result(0) else {
            continue
          }
          rewriter.replaceAllUses(of: result, with: operand)
        }
      case .replaceConstant:
        let other = rewriter.addInitializer("d", Tensor(scalar: Float(2)))
        guard let constant = rewriter.graph.value(named: "c") else { return }
        rewriter.replaceAllUses(of: constant, with: other)
        rewriter.setData(other, Tensor(scalar: Float(3)))
      case .moveUses:
        let other = rewriter.addInitializer("d", Tensor(scalar: Float(2)))
        for node in rewriter.graph.order.reversed() { rewriter.setOperand(0, of: node, to: other) }
      case .insertEach:
        for node in rewriter.graph.order {
          guard let result = rewriter.graph[node].result(0) else { continue }
          let readers = rewriter.graph.uses(of: result)
          let added = rewriter.add("Clip", [result], name: "n", at: .after(node))
          for use in readers { rewriter.replace(use, with: added) }
        }
      case .eraseForward, .eraseBackward:
        guard let input = rewriter.graph.inputs.first, let output = rewriter.graph.outputs.first else { return }
        let order = rewriter.graph.order
        rewriter.replaceAllUses(of: output.value, with: input)
        for node in self == .eraseForward ? order : order.reversed() {
          for result in rewriter.graph[node].results.compactMap(\.self) {
            rewriter.replaceAllUses(of: result, with: input)
          }
          rewriter.erase(node)
        }
      case .copyAndEdit:
        for node in rewriter.graph.order { rewriter.setAttribute(node, "axis", .int(1)) }
      case .rename:
        for value in rewriter.graph.allValues { rewriter.rename(value, to: "renamed") }
      }
    }
  }

  /// The steps of each edit, on a copy of one graph of `count` nodes.
  private func steps(_ layout: Layout, _ count: Int) -> [Edit: Int] {
    var original = Graph(name: "main")
    let building = original.edit { rewriter in
      layout.build(count, &rewriter)
      return rewriter.steps
    }
    var steps = [Edit.build: building]
    for edit in Edit.allCases where edit != .build {
      var copy = original
      steps[edit] = copy.edit { rewriter in
        edit.run(&rewriter)
        return rewriter.steps - building
      }
      #expect(original.nodeCount == count)
      if count <= 10_000 { #expect(Verifier.problem(in: copy) == nil) }
    }
    return steps
  }

  @Test(arguments: Layout.allCases)
  func costGrowsWithTheSize(layout: Layout) {
    let (small, large) = (steps(layout, 10_000), steps(layout, 40_000))
    for edit in Edit.allCases {
      let (few, many) = (small[edit, default: 0], large[edit, default: 0])
      #expect(Double(many) <= 4.4 * Double(max(few, 100)), "\(edit): \(few) steps, then \(many)")
      #expect(many <= 40_000 * 40, "\(edit): \(many) steps")
    }
  }
}

import DecantIR
import Testing

/// The graph against ``NaiveGraph``: the same edits to both, compared after each.
@Suite struct GraphPropertyTests {
  /// Picks of one run: from a random generator, or the digits of a number, so that all runs of a length can be tried.
  struct Picks {
    var digits: [Int] = []
    var random: SplitMix?

    mutating func pick(_ count: Int) -> Int {
      if random != nil { return random.map { _ in Int((random?.next() ?? 0) % UInt64(max(count, 1))) } ?? 0 }
      return digits.isEmpty ? 0 : digits.removeFirst() % max(count, 1)
    }

    mutating func pick<Element>(from list: [Element]) -> Element? { list.isEmpty ? nil : list[pick(list.count)] }
  }

  /// Both graphs, and how they are edited together.
  struct Pair {
    var naive = NaiveGraph()
    var made = 0
    var picks: Picks

    static let editCount = 14

    mutating func fresh(_ base: String) -> String {
      made += 1
      return "\(base)\(made)"
    }

    mutating func start(_ rewriter: inout Rewriter) {
      rewriter.addInput("x", .unknown)
      naive.inputs = ["x"]
      _ = rewriter.addInitializer("w", Tensor(scalar: Float(1)))
      naive.initializers = ["w"]
      for _ in 0..<3 { addNode(&rewriter) }
      addOutput(&rewriter)
    }

    private func id(_ value: String, _ rewriter: borrowing Rewriter) -> ValueID? { rewriter.graph.value(named: value) }

    mutating func edit(_ rewriter: inout Rewriter) {
      switch picks.pick(Pair.editCount) {
      case 0, 1: addNode(&rewriter)
      case 2: erase(&rewriter)
      case 3: replaceAllUses(&rewriter)
      case 4: setOperand(&rewriter)
      case 5: setOperands(&rewriter)
      case 6: move(&rewriter)
      case 7: addResult(&rewriter)
      case 8: dropResult(&rewriter)
      case 9: rename(&rewriter)
      case 10: addOrDropInitializer(&rewriter)
      case 11: eraseWithProducers(&rewriter)
      case 12: addOutput(&rewriter)
      default: addOrDropInput(&rewriter)
      }
    }

    private mutating func operands(before place: Int) -> [String?] {
      let readable = naive.readable(before: place)
      return (0..<picks.pick(4)).map { _ in picks.pick(5) == 4 ? nil : picks.pick(from: readable) }
    }

    mutating func addNode(_ rewriter: inout Rewriter) {
      let place = picks.pick(naive.nodes.count + 1)
      let operands = operands(before: place)
      let node = NaiveGraph.Node(
        name: fresh("n"), op: "Op", operands: operands,
        results: (0..<picks.pick(3)).map { $0 == 1 && picks.pick(3) == 0 ? nil : fresh("v") })
      let neighbour = place < naive.nodes.count ? rewriter.graph.node(named: naive.nodes[place].name) : nil
      let before = place > 0 ? rewriter.graph.node(named: naive.nodes[place - 1].name) : nil
      let position: Rewriter.Position =
        if let before, picks.pick(2) == 0 { .after(before) } else if let neighbour { .before(neighbour) } else { .end }
      rewriter.addNode(
        node.op, operands.map { $0.flatMap { id($0, rewriter) } }, name: node.name, resultNames: node.results,
        at: position)
      naive.insert(node, at: place)
    }

    mutating func erase(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes.filter(naive.isUnread)) else { return }
      if let id = rewriter.graph.node(named: node.name) { rewriter.erase(id) }
      naive.erase(node.name)
    }

    mutating func eraseWithProducers(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes) else { return }
      if let id = rewriter.graph.node(named: node.name) { rewriter.eraseWithProducers(id) }
      naive.eraseWithProducers(node.name)
    }

    mutating func replaceAllUses(_ rewriter: inout Rewriter) {
      guard let old = picks.pick(from: naive.values.sorted()),
        let new = picks.pick(from: naive.readable(before: naive.firstReader(of: old))),
        let from = id(old, rewriter), let to = id(new, rewriter)
      else { return }
      rewriter.replaceAllUses(of: from, with: to)
      naive.replaceAllUses(of: old, with: new)
    }

    mutating func setOperand(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes.filter { !$0.operands.isEmpty }),
        let id = rewriter.graph.node(named: node.name)
      else { return }
      let index = picks.pick(node.operands.count)
      let new = picks.pick(4) == 0 ? nil : picks.pick(from: naive.readable(before: naive.place(of: node.name)))
      rewriter.setOperand(index, of: id, to: new.flatMap { self.id($0, rewriter) })
      let old = node.operands[index] ?? ""
      naive.redirect(NaiveGraph.Reading(value: old, node: node.name, index: index), to: new)
    }

    mutating func setOperands(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes), let id = rewriter.graph.node(named: node.name) else { return }
      let operands = operands(before: naive.place(of: node.name))
      rewriter.setOperands(id, operands.map { $0.flatMap { self.id($0, rewriter) } })
      naive.setOperands(operands, of: node.name)
    }

    mutating func move(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes), let id = rewriter.graph.node(named: node.name) else { return }
      let place = naive.place(of: node.name)
      let earliest =
        (node.operands.compactMap(\.self).compactMap { value in naive.nodes.firstIndex { $0.results.contains(value) } }
          .max() ?? -1) + 1
      let latest = node.results.compactMap { $0.map(naive.firstReader) }.min() ?? naive.nodes.count
      guard let target = picks.pick(from: (earliest..<max(latest, earliest)).filter { $0 != place }),
        let other = rewriter.graph.node(named: naive.nodes[target].name)
      else { return }
      rewriter.move(id, to: target < place ? .before(other) : .after(other))
      naive.nodes.remove(at: place)
      naive.nodes.insert(node, at: target)
    }

    mutating func addResult(_ rewriter: inout Rewriter) {
      guard let node = picks.pick(from: naive.nodes), let id = rewriter.graph.node(named: node.name) else { return }
      let name = fresh("v")
      _ = rewriter.addResult(id, name: name, type: .unknown)
      naive.nodes[naive.place(of: node.name)].results.append(name)
    }

    mutating func dropResult(_ rewriter: inout Rewriter) {
      let candidates = naive.nodes.flatMap { node in
        node.results.indices.filter { node.results[$0].map { !naive.isRead($0) } ?? false }.map { (node, $0) }
      }
      guard let (node, index) = picks.pick(from: candidates), let id = rewriter.graph.node(named: node.name) else {
        return
      }
      rewriter.dropResult(index, of: id)
      let place = naive.place(of: node.name)
      if index == node.results.count - 1 {
        naive.nodes[place].results.removeLast()
      } else {
        naive.nodes[place].results[index] = nil
      }
    }

    /// To a name that is free, or to one that is taken and so becomes another.
    mutating func rename(_ rewriter: inout Rewriter) {
      guard let old = picks.pick(from: naive.values.sorted()), let id = id(old, rewriter) else { return }
      let isTaken = picks.pick(2) == 0
      let wanted = isTaken ? picks.pick(from: (naive.values.sorted() + naive.outputNames)) ?? "x" : fresh("r")
      rewriter.rename(id, to: wanted)
      let name = rewriter.graph[id].name
      #expect(name == wanted || isTaken)
      #expect(name == old || !naive.values.contains(name))
      naive.rename(old, to: name)
    }

    mutating func addOrDropInitializer(_ rewriter: inout Rewriter) {
      let unread = naive.initializers.filter { !naive.isRead($0) }.sorted()
      if picks.pick(2) == 0, let name = picks.pick(from: unread), let id = id(name, rewriter) {
        rewriter.erase(id)
        naive.initializers.remove(name)
      } else {
        let name = fresh("w")
        _ = rewriter.addInitializer(name, Tensor(scalar: Int64(made)))
        naive.initializers.insert(name)
      }
    }

    mutating func addOrDropInput(_ rewriter: inout Rewriter) {
      let unread = naive.inputs.filter { !naive.isRead($0) }
      if picks.pick(2) == 0, let name = picks.pick(from: unread), let id = id(name, rewriter) {
        rewriter.erase(id)
        naive.inputs.removeAll { $0 == name }
      } else {
        let name = fresh("x")
        rewriter.addInput(name, .unknown)
        naive.inputs.append(name)
      }
    }

    mutating func addOutput(_ rewriter: inout Rewriter) {
      guard let value = picks.pick(from: naive.values.sorted()), let id = id(value, rewriter) else { return }
      let name = fresh("y")
      rewriter.addOutput(name, id)
      naive.readings.append(NaiveGraph.Reading(value: value, node: nil, index: naive.outputs.count))
      naive.outputs.append(value)
      naive.outputNames.append(name)
    }
  }

  private func check(_ graph: Graph, _ naive: NaiveGraph, _ what: String) {
    #expect(Verifier.problem(in: graph) == nil, "\(what)")
    #expect(NaiveGraph(graph).matches(naive), "\(what)\n\(graph)")
    #expect(graph.nodeCount == naive.nodes.count && graph.valueCount == naive.values.count)
  }

  @Test func randomEdits() throws {
    for seed in UInt64(0)..<150 {
      var pair = Pair(picks: Picks(random: SplitMix(state: seed)))
      var graph = Graph(name: "main")
      graph.edit { pair.start(&$0) }
      var (snapshot, then) = (graph, pair.naive)
      for step in 0..<40 {
        graph.edit { pair.edit(&$0) }
        check(graph, pair.naive, "seed \(seed), step \(step)")
        if step == 20 {
          #expect(NaiveGraph(snapshot).matches(then), "seed \(seed): the snapshot changed")
          (snapshot, then) = (graph, pair.naive)
        }
      }
      #expect(NaiveGraph(snapshot).matches(then), "seed \(seed): the snapshot changed")
      #expect(try TextForm.parseGraph(TextForm.print(graph)) == graph, "seed \(seed)")
    }
  }

  /// Every sequence of two edits, with every choice of the first few picks of each, on a graph of three nodes.
  @Test func allShortSequences() {
    let choices = 3
    for first in 0..<Pair.editCount {
      for second in 0..<Pair.editCount {
        for choice in 0..<(choices * choices * choices) {
          let (a, b, c) = (choice % choices, choice / choices % choices, choice / choices / choices)
          // Three nodes: n1(x), n2(v1, w), n3(v2).
          let start = [0, 1, 0, 0, 1, 1, 2, 2, 0, 0, 1, 2, 1, 1, 2, 0, 2, 1, 2]
          var pair = Pair(picks: Picks(digits: start))
          var graph = Graph(name: "main")
          graph.edit { pair.start(&$0) }
          for edit in [[first, a, b, c, a, b], [second, b, c, a, c, b]] {
            pair.picks.digits = edit
            graph.edit { pair.edit(&$0) }
            check(graph, pair.naive, "\(first), \(second), choice \(choice)")
          }
        }
      }
    }
  }
}

internal import DecantIR

/// Sums of products in terms of matrix products, two operands at a time.
///
/// Given: `%y = Einsum(%a, %b) {equation: "bhid,bhjd->bhij"}`.
/// Result: `%y = MatMul(%a, Transpose(%b))`, with axes that only one operand has as extents of 1.
enum EinsumExpansion {
  static let all = [Expansion("Einsum", expand)]

  /// A value, and the letter of each of its axes.
  private struct Term {
    var value: ValueID
    var labels: [Character]
  }

  @Sendable private static func expand(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let equation = (parts.attributes.string("equation") ?? "").filter { $0 != " " }
    guard !equation.contains(".") else { throw OpError("'equation' has axes without a name: \(equation)") }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let left = String(sides.first?.filter { $0 != "-" } ?? "")
    let words = left.split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let operands = parts.node.operands.compactMap { $0 }
    guard words.count == operands.count, var first = words.first else {
      throw OpError("'equation' expected \(operands.count) operands, got \(words.count)")
    }
    for word in words where Set(word).count != word.count {
      throw OpError("'equation' repeats an axis of one operand: \(equation)")
    }
    let letters = words.joined()
    let output =
      sides.count > 1
      ? Array(sides[1]) : Set(letters).filter { letter in letters.count { $0 == letter } == 1 }.sorted()
    var term = Term(value: operands[0], labels: first)
    for index in operands.indices.dropFirst() {
      let later = Set(words[(index + 1)...].joined()).union(output)
      first = words[index]
      term = product(
        summed(term, keeping: later.union(first), &parts),
        summed(Term(value: operands[index], labels: first), keeping: later.union(term.labels), &parts),
        keeping: later, &parts)
    }
    term = summed(term, keeping: Set(output), &parts)
    guard Set(output) == Set(term.labels), output.count == term.labels.count else {
      throw OpError("'equation' expected every axis of the result in an operand: \(equation)")
    }
    return [ordered(term, output, &parts)]
  }

  /// The term summed over the axes that nothing else has.
  private static func summed(_ term: Term, keeping: Set<Character>, _ parts: inout Expander) -> Term {
    let axes = term.labels.indices.filter { !keeping.contains(term.labels[$0]) }
    guard !axes.isEmpty else { return term }
    let value = parts.add("ReduceSum", [term.value, parts.integers(axes)], ["keepdims": .int(0)])
    return Term(value: value, labels: term.labels.filter(keeping.contains))
  }

  /// A matrix product over one axis that both have and nothing else needs; other such axes are summed after it.
  private static func product(_ a: Term, _ b: Term, keeping: Set<Character>, _ parts: inout Expander) -> Term {
    let shared = a.labels.filter(b.labels.contains)
    let inner = shared.last { !keeping.contains($0) }
    let rows = inner == nil ? nil : a.labels.last { !b.labels.contains($0) }
    let columns = inner == nil ? nil : b.labels.last { !a.labels.contains($0) }
    let matrix = Set([inner, rows, columns].compactMap { $0 })
    let batch =
      a.labels.filter { !matrix.contains($0) } + b.labels.filter { !matrix.contains($0) && !a.labels.contains($0) }
    guard let inner else {
      let value = parts.add("Mul", [spread(a, batch, &parts), spread(b, batch, &parts)])
      return Term(value: value, labels: batch)
    }
    let left = spread(a, batch + [rows ?? " ", inner], &parts)
    let right = spread(b, batch + [inner, columns ?? " "], &parts)
    var value = parts.add("MatMul", [left, right])
    let extra = [rows == nil ? batch.count : nil, columns == nil ? batch.count + 1 : nil].compactMap { $0 }
    if !extra.isEmpty { value = parts.add("Squeeze", [value, parts.integers(extra)]) }
    return summed(
      Term(value: value, labels: batch + [rows, columns].compactMap { $0 }), keeping: keeping, &parts)
  }

  /// The term with its axes in the order of `labels`, and extents of 1 for those it lacks.
  private static func spread(_ term: Term, _ labels: [Character], _ parts: inout Expander) -> ValueID {
    let own = labels.filter(term.labels.contains)
    let value = ordered(term, own, &parts)
    let missing = labels.indices.filter { !term.labels.contains(labels[$0]) }
    return missing.isEmpty ? value : parts.unsqueeze(value, missing)
  }

  private static func ordered(_ term: Term, _ labels: [Character], _ parts: inout Expander) -> ValueID {
    guard labels != term.labels else { return term.value }
    return parts.transpose(term.value, labels.compactMap { term.labels.firstIndex(of: $0) })
  }
}

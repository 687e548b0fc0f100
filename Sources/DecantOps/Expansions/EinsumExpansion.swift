internal import DecantIR

/// Sums of products in terms of matrix products, two operands at a time.
///
/// Given: `%y = Einsum(%a, %b) {equation: "bhid,bhjd->bhij"}`.
/// Result: `%y = MatMul(%a, Transpose(%b))`, with axes that only one operand has as extents of 1.
enum EinsumExpansion {
  static let all = [Expansion("Einsum", expand)]

  private typealias Label = EinsumEquation.Label

  /// Stands for an axis that a term lacks; no equation has it.
  private static let none = Label.letter(0)

  /// A value, and what stands for each of its axes.
  private struct Term {
    var value: ValueID
    var labels: [Label]
  }

  @Sendable private static func expand(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let operands = parts.node.operands.compactMap { $0 }
    let equation = try EinsumEquation(parts.attributes, operands: operands.count)
    var ranks: [Int] = []
    for (operand, plain) in zip(operands, equation.plainRanks) {
      if let plain { ranks.append(plain) } else { ranks.append(try parts.rank(operand)) }
    }
    let labels = try equation.labels(ranks: ranks)
    for label in labels.operands.joined() where label.isInEllipsis && !labels.result.contains(label) {
      throw OpError("'equation' leaves axes without a name out of the result")
    }
    var terms: [Term] = []
    for (value, labels) in zip(operands, labels.operands) {
      terms.append(try diagonal(Term(value: value, labels: labels), &parts))
    }
    var rest = terms[...]
    guard var term = rest.popFirst() else { throw OpError("expected one operand or more, got none") }
    while let next = rest.popFirst() {
      let later = Set(rest.flatMap(\.labels)).union(labels.result)
      term = product(
        summed(term, keeping: later.union(next.labels), &parts),
        summed(next, keeping: later.union(term.labels), &parts), keeping: later, &parts)
    }
    return [ordered(summed(term, keeping: Set(labels.result), &parts), labels.result, &parts)]
  }

  /// The elements whose places along axes of one label are the same: every `n + 1`-th of both axes as one.
  private static func diagonal(_ term: Term, _ parts: inout Expander) throws(OpError) -> Term {
    var term = term
    while let first = term.labels.firstIndex(where: { label in term.labels.count { $0 == label } > 1 }),
      let second = term.labels.lastIndex(of: term.labels[first])
    {
      guard let extents = parts.shape(term.value)?.fixed, extents[first] == extents[second] else {
        throw OpError("'equation' repeats an axis of one operand, and its extents are not known")
      }
      let others = extents.indices.filter { $0 != first && $0 != second }
      let (size, overflows) = extents[first].multipliedReportingOverflow(by: extents[first])
      guard !overflows else { throw OpError("the extents are too large") }
      let moved = parts.transpose(term.value, [first, second] + others)
      let joined = parts.reshape(moved, [size] + others.map { extents[$0] })
      term = Term(
        value: parts.slice(joined, axis: 0, from: 0, step: extents[first] + 1),
        labels: [term.labels[first]] + others.map { term.labels[$0] })
    }
    return term
  }

  /// The term summed over the axes that nothing else has.
  private static func summed(_ term: Term, keeping: Set<Label>, _ parts: inout Expander) -> Term {
    let axes = term.labels.indices.filter { !keeping.contains(term.labels[$0]) }
    guard !axes.isEmpty else { return term }
    let value = parts.add("ReduceSum", [term.value, parts.integers(axes)], ["keepdims": .int(0)])
    return Term(value: value, labels: term.labels.filter(keeping.contains))
  }

  /// A matrix product over one axis that both have and nothing else needs; other such axes are summed after it.
  private static func product(_ a: Term, _ b: Term, keeping: Set<Label>, _ parts: inout Expander) -> Term {
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
    let left = spread(a, batch + [rows ?? none, inner], &parts)
    let right = spread(b, batch + [inner, columns ?? none], &parts)
    var value = parts.add("MatMul", [left, right])
    let extra = [rows == nil ? batch.count : nil, columns == nil ? batch.count + 1 : nil].compactMap { $0 }
    if !extra.isEmpty { value = parts.add("Squeeze", [value, parts.integers(extra)]) }
    return summed(
      Term(value: value, labels: batch + [rows, columns].compactMap { $0 }), keeping: keeping, &parts)
  }

  /// The term with its axes in the order of `labels`, and extents of 1 for those it lacks.
  private static func spread(_ term: Term, _ labels: [Label], _ parts: inout Expander) -> ValueID {
    let own = labels.filter(term.labels.contains)
    let value = ordered(term, own, &parts)
    let missing = labels.indices.filter { !term.labels.contains(labels[$0]) }
    return missing.isEmpty ? value : parts.unsqueeze(value, missing)
  }

  private static func ordered(_ term: Term, _ labels: [Label], _ parts: inout Expander) -> ValueID {
    guard labels != term.labels else { return term.value }
    return parts.transpose(term.value, labels.compactMap { term.labels.firstIndex(of: $0) })
  }
}

internal import DecantIR

/// The product of numbers that a file gave.
///
/// - Throws: ``OpError`` on overflow.
func product(_ factors: Int..., what: String = "a size") throws(OpError) -> Int {
  try product(of: factors, what: what)
}

/// The product of numbers that a file gave; 1 for none.
///
/// - Throws: ``OpError`` on overflow.
func product(of factors: some Sequence<Int>, what: String = "a size") throws(OpError) -> Int {
  var result = 1
  for factor in factors {
    let (next, overflow) = result.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw OpError("\(what) is beyond 2^63", kind: .overBudget) }
    result = next
  }
  return result
}

/// The sum of numbers that a file gave.
///
/// - Throws: ``OpError`` on overflow.
func sum(_ terms: Int..., what: String = "a size") throws(OpError) -> Int {
  var result = 0
  for term in terms {
    let (next, overflow) = result.addingReportingOverflow(term)
    guard !overflow else { throw OpError("\(what) is beyond 2^63", kind: .overBudget) }
    result = next
  }
  return result
}

extension Attributes {
  /// The integers `name`, each in `range` and `count` of them; `fallback` repeated when missing.
  ///
  /// - Throws: ``OpError`` for another count or a number out of range.
  func ints(_ name: String, count: Int, in range: ClosedRange<Int>, default fallback: Int) throws(OpError) -> [Int] {
    guard let values = ints(name), !values.isEmpty else { return Array(repeating: fallback, count: count) }
    guard values.count == count else { throw OpError("'\(name)' expected \(count) numbers, got \(values)") }
    guard values.allSatisfy(range.contains) else {
      throw OpError("'\(name)' expected numbers in \(range.lowerBound)...\(range.upperBound), got \(values)")
    }
    return values
  }
}

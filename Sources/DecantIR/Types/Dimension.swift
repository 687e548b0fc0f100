/// One extent of a shape: a number, an expression over named symbols, or not known.
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  case symbolic(DimensionExpression)
  case unknown

  /// The dimension called `name`, as in a dynamic batch `N`.
  public static func symbol(_ name: String) -> Dimension { .symbolic(DimensionExpression(symbol: name)) }

  /// The number, when it is one.
  public var fixed: Int? {
    if case .fixed(let value) = self { value } else { nil }
  }

  /// Sum; unknown when a side is unknown or a coefficient overflows.
  public static func + (left: Dimension, right: Dimension) -> Dimension {
    combine(left, right) { $0.adding($1) }
  }

  /// Difference; unknown when a side is unknown or a coefficient overflows.
  public static func - (left: Dimension, right: Dimension) -> Dimension {
    left + right * .fixed(-1)
  }

  /// Product; zero times anything is zero.
  public static func * (left: Dimension, right: Dimension) -> Dimension {
    if left == .fixed(0) || right == .fixed(0) { return .fixed(0) }
    return combine(left, right) { $0.multiplied(by: $1) }
  }

  /// The quotient when `right` divides `left` exactly, whatever the symbols stand for; else unknown.
  public static func / (left: Dimension, right: Dimension) -> Dimension {
    combine(left, right) { $0.dividedExactly(by: $1) }
  }

  private static func combine(
    _ left: Dimension, _ right: Dimension,
    _ operation: (DimensionExpression, DimensionExpression) -> DimensionExpression?
  ) -> Dimension {
    guard let a = left.expression, let b = right.expression, let result = operation(a, b) else { return .unknown }
    return Dimension(result)
  }

  /// The dimension as an expression; nil when unknown.
  public var expression: DimensionExpression? {
    switch self {
    case .fixed(let value): DimensionExpression(constant: value)
    case .symbolic(let expression): expression
    case .unknown: nil
    }
  }

  /// A number where the expression has no symbols.
  public init(_ expression: DimensionExpression) {
    self = expression.terms.isEmpty ? .fixed(expression.constant) : .symbolic(expression)
  }
}

extension Dimension: CustomStringConvertible, ExpressibleByIntegerLiteral {
  /// `3`, `N`, `2*N+1` or `?`.
  public var description: String {
    switch self {
    case .fixed(let value): "\(value)"
    case .symbolic(let expression): expression.description
    case .unknown: "?"
    }
  }

  /// A fixed dimension.
  public init(integerLiteral value: Int) { self = .fixed(value) }
}

/// A polynomial over named symbols with integer coefficients: `constant + Σ coefficient · symbols`.
public struct DimensionExpression: Hashable, Sendable, CustomStringConvertible {
  /// A product of symbols with a coefficient other than zero.
  public struct Term: Hashable, Sendable {
    /// The integer factor.
    public var coefficient: Int
    /// Sorted, with repetition; never empty.
    public var symbols: [String]
  }

  /// What is added to the terms.
  public private(set) var constant: Int
  /// Sorted by their symbols, one term for each product of symbols.
  public private(set) var terms: [Term]

  /// A number.
  public init(constant: Int) {
    self.constant = constant
    terms = []
  }

  /// A single symbol.
  public init(symbol: String) {
    constant = 0
    terms = [Term(coefficient: 1, symbols: [symbol])]
  }

  /// The symbol, when the expression is nothing else.
  public var symbol: String? {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1, terms[0].symbols.count == 1 else { return nil }
    return terms[0].symbols[0]
  }

  /// The sum; nil on overflow or when it grows past 16 terms.
  public func adding(_ other: DimensionExpression) -> DimensionExpression? {
    let (sum, overflow) = constant.addingReportingOverflow(other.constant)
    guard !overflow else { return nil }
    return DimensionExpression(sum, terms + other.terms)
  }

  /// The product; nil on overflow or when it grows past 16 terms.
  public func multiplied(by other: DimensionExpression) -> DimensionExpression? {
    let (product, overflow) = constant.multipliedReportingOverflow(by: other.constant)
    guard !overflow else { return nil }
    var result: [Term] = []
    for (factor, source) in [(constant, other.terms), (other.constant, terms)] where factor != 0 {
      for term in source {
        let (coefficient, overflow) = term.coefficient.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        result.append(Term(coefficient: coefficient, symbols: term.symbols))
      }
    }
    for a in terms {
      for b in other.terms {
        let (coefficient, overflow) = a.coefficient.multipliedReportingOverflow(by: b.coefficient)
        guard !overflow, a.symbols.count + b.symbols.count <= 8 else { return nil }
        result.append(Term(coefficient: coefficient, symbols: (a.symbols + b.symbols).sorted()))
      }
    }
    return DimensionExpression(product, result)
  }

  /// The quotient when `other` is a number or a single term that divides every term; else nil.
  public func dividedExactly(by other: DimensionExpression) -> DimensionExpression? {
    if self == other, self != DimensionExpression(constant: 0) { return DimensionExpression(constant: 1) }
    if other.terms.isEmpty {
      let divisor = other.constant
      guard divisor != 0, divisor != -1, constant % divisor == 0 else { return nil }
      var result = self
      result.constant /= divisor
      for index in result.terms.indices {
        guard result.terms[index].coefficient % divisor == 0 else { return nil }
        result.terms[index].coefficient /= divisor
      }
      return result
    }
    guard other.terms.count == 1, other.constant == 0, constant == 0 else { return nil }
    let divisor = other.terms[0]
    guard divisor.coefficient != -1 else { return nil }
    var (number, rest): (Int, [Term]) = (0, [])
    for term in terms {
      guard term.coefficient % divisor.coefficient == 0 else { return nil }
      var symbols = term.symbols
      for symbol in divisor.symbols {
        guard let index = symbols.firstIndex(of: symbol) else { return nil }
        symbols.remove(at: index)
      }
      let coefficient = term.coefficient / divisor.coefficient
      if symbols.isEmpty { number = coefficient } else { rest.append(Term(coefficient: coefficient, symbols: symbols)) }
    }
    return DimensionExpression(number, rest)
  }

  /// The value with `bindings` for the symbols; nil when one is missing or the arithmetic overflows.
  public func evaluate(_ bindings: [String: Int]) -> Int? {
    var sum = constant
    for term in terms {
      var product = term.coefficient
      for symbol in term.symbols {
        guard let value = bindings[symbol] else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: value)
        guard !overflow else { return nil }
        product = next
      }
      let (next, overflow) = sum.addingReportingOverflow(product)
      guard !overflow else { return nil }
      sum = next
    }
    return sum
  }

  private init?(_ constant: Int, _ unsorted: [Term]) {
    var merged: [Term] = []
    for term in unsorted.sorted(by: { $0.symbols.lexicographicallyPrecedes($1.symbols) }) {
      guard let last = merged.last, last.symbols == term.symbols else {
        merged.append(term)
        continue
      }
      let (sum, overflow) = last.coefficient.addingReportingOverflow(term.coefficient)
      guard !overflow else { return nil }
      merged[merged.count - 1].coefficient = sum
    }
    merged.removeAll { $0.coefficient == 0 }
    guard merged.count <= 16 else { return nil }
    self.constant = constant
    terms = merged
  }

  /// `N`, `2*N+1`, `batch*seq`.
  public var description: String {
    var text = ""
    for term in terms {
      let product = term.symbols.joined(separator: "*")
      let sign = term.coefficient < 0 ? "-" : text.isEmpty ? "" : "+"
      text += sign + (term.coefficient.magnitude == 1 ? product : "\(term.coefficient.magnitude)*\(product)")
    }
    guard constant != 0 || text.isEmpty else { return text }
    return text + (constant < 0 || text.isEmpty ? "\(constant)" : "+\(constant)")
  }
}

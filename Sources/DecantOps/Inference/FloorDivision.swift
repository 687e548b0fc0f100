internal import DecantIR

extension Dimension {
  /// The quotient rounded down.
  ///
  /// What `divisor` divides comes out of the rounding; the rest becomes a symbol, `floor((H+1)/2)`, spelled one way for one
  /// rest, so that equal quotients are known to be equal. Unknown where that would be long, or where a run decides.
  func dividedFloor(by divisor: Int) -> Dimension {
    guard divisor > 1 else { return divisor == 1 ? self : .unknown }
    switch self {
    case .fixed(let value): return .fixed(Dimension.floor(value, divisor).quotient)
    case .unknown: return .unknown
    case .symbolic(let expression):
      let constant = Dimension.floor(expression.constant, divisor)
      // With coefficients in 0..<divisor, the rest is not negative, as symbols are taken to be.
      var (whole, rest) = (Dimension.fixed(constant.quotient), Dimension.fixed(constant.remainder))
      for term in expression.terms {
        let product = term.symbols.reduce(.fixed(1)) { $0 * .symbol($1) }
        let coefficient = Dimension.floor(term.coefficient, divisor)
        whole = whole + .fixed(coefficient.quotient) * product
        rest = rest + .fixed(coefficient.remainder) * product
      }
      return whole + rest.roundedQuotient(divisor)
    }
  }

  /// The quotient rounded down, by a number or by an extent above 0; the dividend must not be negative then.
  func dividedFloor(by divisor: Dimension) -> Dimension {
    if let number = divisor.fixed { return dividedFloor(by: number) }
    let exact = self / divisor
    guard exact == .unknown, !isOpen, !divisor.isOpen, isKnownNotNegative, divisor.isKnownNotNegative else {
      return exact
    }
    return quotient("\(divisor.isSum ? "(\(divisor))" : "\(divisor)")")
  }

  /// The symbol for `self / divisor` rounded down; 0 for a number, which is less than `divisor`.
  private func roundedQuotient(_ divisor: Int) -> Dimension {
    guard fixed == nil else { return 0 }
    return isOpen ? .unknown : quotient("\(divisor)")
  }

  private func quotient(_ divisor: String) -> Dimension {
    let symbol = "floor(\(isSum ? "(\(self))" : "\(self)")/\(divisor))"
    return symbol.utf8.count <= 200 ? .symbol(symbol) : .unknown
  }

  private var isSum: Bool { expression.map { $0.terms.count + ($0.constant == 0 ? 0 : 1) > 1 } ?? false }

  /// Precondition: `divisor` is above 1.
  private static func floor(_ value: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
    let remainder = value % divisor
    return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
  }
}

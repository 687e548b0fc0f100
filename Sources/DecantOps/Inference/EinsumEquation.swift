internal import DecantIR

/// The equation of an `Einsum`, as in `bij,bjk->bik` or `...i,i`.
struct EinsumEquation {
  /// What stands for an axis: a letter, or a place in the ellipsis counted from its end.
  enum Label: Hashable, Comparable {
    case ellipsis(fromEnd: Int)
    case letter(UInt8)

    /// Whether it stands for an axis without a name.
    var isInEllipsis: Bool {
      if case .ellipsis = self { true } else { false }
    }
  }

  private static let dots: UInt8 = 0x2e
  private let operands: [[UInt8]]
  private let result: [UInt8]

  /// From the attribute `equation`.
  ///
  /// - Throws: ``OpError`` for anything but letters, one ellipsis a term, commas and one arrow.
  init(_ attributes: Attributes, operands count: Int) throws(OpError) {
    let text = attributes.string("equation") ?? ""
    var terms: [[UInt8]] = [[]]
    var arrow: Int?
    var rest = Array(text.utf8.filter { $0 != 0x20 })[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: ","):
        guard arrow == nil else { throw OpError("'equation' has a comma after the arrow: '\(text)'") }
        terms.append([])
      case UInt8(ascii: "-") where rest.first == UInt8(ascii: ">") && arrow == nil:
        rest.removeFirst()
        arrow = terms.count
        terms.append([])
      case EinsumEquation.dots where rest.starts(with: [EinsumEquation.dots, EinsumEquation.dots]):
        rest.removeFirst(2)
        guard !terms[terms.count - 1].contains(byte) else {
          throw OpError("'equation' has two ellipses in a term: '\(text)'")
        }
        terms[terms.count - 1].append(byte)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        terms[terms.count - 1].append(byte)
      default: throw OpError("'equation' expected letters, '...', ',' and '->', got '\(text)'")
      }
    }
    operands = Array(terms[..<(arrow ?? terms.count)])
    guard operands.count == count else {
      throw OpError("'equation' expected \(count) terms for as many operands, got '\(text)'")
    }
    if let arrow {
      result = terms[arrow]
      guard Set(result).count == result.count else {
        throw OpError("'equation' repeats a label in its result: '\(text)'")
      }
      guard Set(result).isSubset(of: Set(operands.joined()).union([EinsumEquation.dots])) else {
        throw OpError("'equation' has a label in its result only: '\(text)'")
      }
    } else {
      let all = operands.flatMap { $0 }
      let once = Set(all).filter { letter in letter != EinsumEquation.dots && all.count { $0 == letter } == 1 }
      result = (all.contains(EinsumEquation.dots) ? [EinsumEquation.dots] : []) + once.sorted()
    }
  }

  /// The rank that each operand has to have; nil where an ellipsis leaves it open.
  var plainRanks: [Int?] { operands.map { $0.contains(EinsumEquation.dots) ? nil : $0.count } }

  /// One label for each axis of each operand and of the result.
  ///
  /// - Throws: ``OpError`` when a term does not fit its operand's rank.
  func labels(ranks: [Int]) throws(OpError) -> (operands: [[Label]], result: [Label]) {
    var expanded: [[Label]] = []
    var widest = 0
    for (index, (term, rank)) in zip(operands, ranks).enumerated() {
      let dots = term.contains(EinsumEquation.dots)
      let width = rank - (term.count - (dots ? 1 : 0))
      guard dots ? width >= 0 : width == 0 else {
        throw OpError("'equation' expected operand \(index) of rank \(term.count), got \(rank)")
      }
      widest = max(widest, width)
      expanded.append(EinsumEquation.expand(term, width))
    }
    return (expanded, EinsumEquation.expand(result, widest))
  }

  private static func expand(_ term: [UInt8], _ width: Int) -> [Label] {
    term.flatMap { byte -> [Label] in
      byte == dots ? (0..<width).map { .ellipsis(fromEnd: width - $0) } : [.letter(byte)]
    }
  }
}

internal import DecantBytes

/// A regular expression over the scalars of a text. Searching takes time proportional to the product of both lengths, whatever
/// the pattern: all ways to match advance together, and none is tried again.
///
/// Literals, `.`, classes (`[a-z]`, `[^0-9]`, `\d`, `\w`, `\s` and their opposites), groups, `|`, `*`, `+`, `?`, `{m,n}`, `^`
/// and `$`.
struct RegularExpression: Sendable {
  /// What one way to match does next.
  enum Step: Sendable {
    /// Takes one scalar, and goes to the next step.
    case take(ScalarClass)
    /// Goes both ways.
    case split(Int, Int)
    case jump(Int)
    /// Goes on at the beginning of the text only.
    case start
    /// Goes on at its end only.
    case end
    case found
  }

  private let steps: [Step]

  /// Compiles `pattern`.
  ///
  /// - Throws: `usage` for a pattern that breaks the grammar or is too large, saying where.
  init(_ pattern: String) throws(DecantError) {
    var parser = ExpressionParser(pattern)
    var compiler = ExpressionCompiler()
    try compiler.emit(try parser.parse())
    steps = compiler.steps + [.found]
  }

  /// Whether some part of `text` matches.
  func isFound(in text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var (current, next) = (Ways(steps.count), Ways(steps.count))
    for position in 0...scalars.count {
      let isEnd = position == scalars.count
      if follow(0, isStart: position == 0, isEnd: isEnd, &current) { return true }
      guard !isEnd else { return false }
      next.removeAll()
      for index in current.takers {
        guard case .take(let scalarClass) = steps[index], scalarClass.contains(scalars[position]) else { continue }
        if follow(index + 1, isStart: false, isEnd: position + 1 == scalars.count, &next) { return true }
      }
      swap(&current, &next)
    }
    return false
  }

  /// Adds every step that takes a scalar and is reached from `first` without taking one; whether a match is reached.
  private func follow(_ first: Int, isStart: Bool, isEnd: Bool, _ ways: inout Ways) -> Bool {
    var pending = [first]
    while let index = pending.popLast() {
      guard ways.insert(index) else { continue }
      switch steps[index] {
      case .take: ways.takers.append(index)
      case .split(let a, let b): pending += [b, a]
      case .jump(let target): pending.append(target)
      case .start: if isStart { pending.append(index + 1) }
      case .end: if isEnd { pending.append(index + 1) }
      case .found: return true
      }
    }
    return false
  }

  /// The steps that are alive at one place of the text, each once.
  private struct Ways {
    var takers: [Int] = []
    private var marks: [UInt32]
    private var generation: UInt32 = 1

    init(_ count: Int) { marks = [UInt32](repeating: 0, count: count) }

    mutating func insert(_ index: Int) -> Bool {
      guard marks[index] != generation else { return false }
      marks[index] = generation
      return true
    }

    mutating func removeAll() {
      takers.removeAll(keepingCapacity: true)
      if generation == .max {
        for index in marks.indices { marks[index] = 0 }
        generation = 0
      }
      generation += 1
    }
  }
}

/// Some scalars: those in any of some ranges, or all others.
struct ScalarClass: Sendable, Hashable {
  var ranges: [ClosedRange<UInt32>]
  var isNegated = false

  /// Whether `scalar` is one of them.
  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) } != isNegated
  }

  /// Any scalar.
  static let any = ScalarClass(ranges: [], isNegated: true)

  /// One scalar.
  static func one(_ scalar: Unicode.Scalar) -> ScalarClass { ScalarClass(ranges: [scalar.value...scalar.value]) }

  /// The class that `\letter` names; nil when it names none.
  static func named(_ letter: Unicode.Scalar) -> ScalarClass? {
    switch letter {
    case "d": ScalarClass(ranges: [48...57])
    case "D": ScalarClass(ranges: [48...57], isNegated: true)
    case "w": ScalarClass(ranges: [48...57, 65...90, 95...95, 97...122])
    case "W": ScalarClass(ranges: [48...57, 65...90, 95...95, 97...122], isNegated: true)
    case "s": ScalarClass(ranges: [9...13, 32...32])
    case "S": ScalarClass(ranges: [9...13, 32...32], isNegated: true)
    default: nil
    }
  }
}

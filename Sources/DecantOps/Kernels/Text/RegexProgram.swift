/// A regular expression as instructions for a machine that follows all ways through them at once.
///
/// Jumps are relative, so that a part of a program can be repeated or moved.
struct RegexProgram: Sendable {
  /// One step.
  enum Instruction: Sendable {
    /// Reads one character that `sets[set]` contains.
    case read(set: Int)
    /// Goes on at both places.
    case fork(Int, Int)
    /// Goes on elsewhere.
    case jump(Int)
    /// Goes on only where this holds.
    case check(RegexAssertion)
  }

  /// The most instructions that a pattern may come to.
  static let limit = 1 << 16

  /// The steps; a way that comes to their end matches.
  var instructions: [Instruction] = []
  /// The sets of characters that steps read.
  var sets: [ScalarSet] = []
}

/// What must hold between two characters.
enum RegexAssertion: Sendable {
  case textBegins
  case textEnds
  case lineBegins
  case lineEnds
  case wordBoundary
  case noWordBoundary

  /// Whether it holds between `before` and `after`, which are nil at the ends of the text.
  func holds(between before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
    switch self {
    case .textBegins: before == nil
    case .textEnds: after == nil
    case .lineBegins: before == nil || before == "\n"
    case .lineEnds: after == nil || after == "\n"
    case .wordBoundary: RegexAssertion.isWord(before) != RegexAssertion.isWord(after)
    case .noWordBoundary: RegexAssertion.isWord(before) == RegexAssertion.isWord(after)
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return ScalarSet.word.contains(scalar)
  }
}

/// Runs a program over texts in time that grows with the length of the text times that of the program.
struct RegexMatcher {
  private let program: RegexProgram
  /// Where instructions wait for the next character.
  private var waiting: [Int] = []
  /// For each instruction the round in which it was last reached.
  private var reached: [Int]
  private var round = 0

  /// A matcher of `program`.
  init(_ program: RegexProgram) {
    self.program = program
    reached = [Int](repeating: 0, count: program.instructions.count + 1)
  }

  /// Whether the program matches all of `text`.
  mutating func matchesWhole(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    waiting = []
    var matches = follow(from: [0], nil, scalars.first)
    for (index, scalar) in scalars.enumerated() {
      let arrived = waiting.filter { place in
        guard case .read(let set) = program.instructions[place] else { return false }
        return program.sets[set].contains(scalar)
      }
      waiting = []
      matches = follow(from: arrived.map { $0 + 1 }, scalar, index + 1 < scalars.count ? scalars[index + 1] : nil)
      if waiting.isEmpty, index + 1 < scalars.count { return false }
    }
    return matches
  }

  /// Follows all steps that read nothing between two characters; true when the end of the program is reached.
  private mutating func follow(
    from starts: [Int], _ before: Unicode.Scalar?, _ after: Unicode.Scalar?
  ) -> Bool {
    round += 1
    var pending = starts
    var matches = false
    while let place = pending.popLast() {
      guard reached[place] != round else { continue }
      reached[place] = round
      guard place < program.instructions.count else {
        matches = true
        continue
      }
      switch program.instructions[place] {
      case .read: waiting.append(place)
      case .jump(let step): pending.append(place + step)
      case .fork(let first, let second): pending += [place + first, place + second]
      case .check(let assertion): if assertion.holds(between: before, after) { pending.append(place + 1) }
      }
    }
    return matches
  }
}

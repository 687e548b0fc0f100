internal import DecantIR

/// Reads RE2's syntax. Whether a repetition is greedy, and what a group captures, makes no difference to a full match.
///
/// Groups wait on a list, not on the stack, so that their nesting costs no recursion.
struct RegexParser {
  /// What is known of a group, or of the whole, while it is read.
  private struct Group {
    /// The alternatives before the current one, joined.
    var alternatives: [RegexProgram.Instruction]?
    /// The current alternative.
    var sequence: [RegexProgram.Instruction] = []
    /// Where the last part of `sequence` begins, which a repetition takes; nil where there is none.
    var last: Int?
    /// The flags to go back to when the group closes.
    var outerFlags: RegexFlags
  }

  private static let deepest = 1000
  private static let mostRepetitions = 1000

  private var source: RegexSource
  private var program = RegexProgram()
  private var setNumbers: [ScalarSet: Int] = [:]
  private var flags = RegexFlags()
  private var outer: [Group] = []
  private var group = Group(outerFlags: RegexFlags())

  /// The program of `pattern`.
  ///
  /// - Throws: ``OpError`` that says what is wrong with it, or that it is too large.
  static func parse(_ pattern: String) throws(OpError) -> RegexProgram {
    var parser = RegexParser(source: RegexSource(pattern))
    return try parser.parseAll()
  }

  private init(source: RegexSource) { self.source = source }

  private mutating func parseAll() throws(OpError) -> RegexProgram {
    while let scalar = source.next() { try parse(scalar) }
    guard outer.isEmpty else { throw source.error("expected ')', got the end") }
    program.instructions = try closed(group)
    return program
  }

  private mutating func parse(_ scalar: Unicode.Scalar) throws(OpError) {
    switch scalar {
    case "(": try open()
    case ")": try close()
    case "|":
      group.alternatives = try closed(group)
      group.sequence = []
      group.last = nil
    case "*": try repeatLast(from: 0, to: nil)
    case "+": try repeatLast(from: 1, to: nil)
    case "?": try repeatLast(from: 0, to: 1)
    case "{":
      guard let (least, most) = source.bounds() else { return try add(ScalarSet(scalar)) }
      try checkBounds(least, most)
      try repeatLast(from: least, to: most)
    case "[": try add(try source.bracketClass())
    case ".": try add(flags.dotMatchesNewline ? .any : .anyButNewline)
    case "^": try append([.check(flags.isMultiline ? .lineBegins : .textBegins)])
    case "$": try append([.check(flags.isMultiline ? .lineEnds : .textEnds)])
    case "\\": try parseEscape()
    default: try add(ScalarSet(scalar))
    }
  }

  private mutating func parseEscape() throws(OpError) {
    switch source.peek {
    case "A": try append([.check(.textBegins)], skipping: true)
    case "z": try append([.check(.textEnds)], skipping: true)
    case "b": try append([.check(.wordBoundary)], skipping: true)
    case "B": try append([.check(.noWordBoundary)], skipping: true)
    case "Q":
      _ = source.next()
      for scalar in source.quoted() { try add(ScalarSet(scalar)) }
    case "C": throw OpError("'pattern': '\\C' matches half characters, which are not read", kind: .unsupported)
    default: try add(try source.escapedClass())
    }
  }

  // MARK: Groups

  private mutating func open() throws(OpError) {
    guard outer.count < RegexParser.deepest else {
      throw OpError("'pattern' nests deeper than \(RegexParser.deepest)", kind: .overBudget)
    }
    var inner = flags
    guard try source.groupOpening(&inner) else {
      // `(?flags)` holds for the rest of the group around.
      flags = inner
      return
    }
    outer.append(group)
    group = Group(outerFlags: flags)
    flags = inner
  }

  private mutating func close() throws(OpError) {
    let inner = try closed(group)
    flags = group.outerFlags
    guard let around = outer.popLast() else { throw source.error("expected no ')' that nothing opens") }
    group = around
    try append(inner)
  }

  /// The instructions of a group: its alternatives with the current one.
  private func closed(_ group: Group) throws(OpError) -> [RegexProgram.Instruction] {
    guard let before = group.alternatives else { return group.sequence }
    try check(before.count + group.sequence.count + 2)
    return [.fork(1, before.count + 2)] + before + [.jump(group.sequence.count + 1)] + group.sequence
  }

  // MARK: Parts

  /// Adds a part that reads one character.
  private mutating func add(_ set: ScalarSet) throws(OpError) {
    var set = set
    set.foldsCase = flags.ignoresCase
    if flags.ignoresCase {
      for range in set.ranges where range.count == 1 {
        guard let scalar = Unicode.Scalar(range.lowerBound) else { continue }
        set.ranges += ScalarSet.variants(of: scalar).map { $0.value...$0.value }
      }
    }
    let number = setNumbers[set] ?? program.sets.count
    if number == program.sets.count {
      program.sets.append(set)
      setNumbers[set] = number
    }
    try append([.read(set: number)])
  }

  private mutating func append(_ part: [RegexProgram.Instruction], skipping: Bool = false) throws(OpError) {
    if skipping { _ = source.next() }
    try check(group.sequence.count + part.count)
    group.last = group.sequence.count
    group.sequence += part
  }

  private func check(_ count: Int) throws(OpError) {
    guard count <= RegexProgram.limit else {
      throw OpError("'pattern' comes to more than \(RegexProgram.limit) steps", kind: .overBudget)
    }
  }

  // MARK: Repetitions

  private func checkBounds(_ least: Int, _ most: Int?) throws(OpError) {
    guard least <= most ?? least, max(least, most ?? 0) <= RegexParser.mostRepetitions else {
      throw source.error("expected bounds of a repetition in order and up to \(RegexParser.mostRepetitions)")
    }
  }

  /// Repeats the last part `least` to `most` times; nil for no end.
  private mutating func repeatLast(from least: Int, to most: Int?) throws(OpError) {
    guard let last = group.last else { throw source.error("expected something to repeat") }
    source.skip("?")
    let part = Array(group.sequence[last...])
    group.sequence.removeSubrange(last...)
    var result: [RegexProgram.Instruction] = []
    let copies = max(least, most ?? least)
    let (size, overflow) = (part.count + 2).multipliedReportingOverflow(by: copies + 1)
    try check(overflow ? .max : size)
    for _ in 0..<least { result += part }
    if let most {
      for _ in least..<most { result += [.fork(1, part.count + 1)] + part }
    } else {
      result += [.fork(1, part.count + 2)] + part + [.jump(-part.count - 1)]
    }
    try append(result)
    // What is repeated can only be repeated again as a group.
    group.last = nil
  }
}

/// What `(?imsU)` switches.
struct RegexFlags {
  var ignoresCase = false
  var isMultiline = false
  var dotMatchesNewline = false
}

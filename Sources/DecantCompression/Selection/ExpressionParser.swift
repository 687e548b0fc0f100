internal import DecantBytes

/// A regular expression as it is read.
indirect enum ExpressionTree {
  case scalars(ScalarClass)
  case start
  case end
  case sequence([ExpressionTree])
  case choice([ExpressionTree])
  case repeated(ExpressionTree, least: Int, most: Int?)
}

/// Reads a regular expression.
///
///     choice   := sequence ('|' sequence)*
///     sequence := (atom ('*' | '+' | '?' | '{' m [',' [n]] '}')?)*
///     atom     := scalar | '.' | '^' | '$' | '\' scalar | '[' '^'? member+ ']' | '(' '?:'? choice ')'
struct ExpressionParser {
  private static let depthLimit = 100
  private static let repeatLimit = 1000

  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  /// All of the pattern.
  ///
  /// - Throws: `usage`, saying where the grammar is broken.
  mutating func parse() throws(DecantError) -> ExpressionTree {
    let tree = try choice()
    guard position == scalars.count else { throw fault("')' closes no group") }
    return tree
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private func fault(_ what: String) -> DecantError {
    DecantError(.usage, "'re:\(pattern)': \(what), at character \(position)")
  }

  private mutating func choice() throws(DecantError) -> ExpressionTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw fault("expected at most \(Self.depthLimit) groups in one another") }
    var branches = [try sequence()]
    while accept("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(DecantError) -> ExpressionTree {
    var parts: [ExpressionTree] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let atom = try atom()
      parts.append(try quantified(atom))
    }
    return .sequence(parts)
  }

  private mutating func atom() throws(DecantError) -> ExpressionTree {
    guard let scalar = next else { throw fault("the pattern ends early") }
    switch scalar {
    case "*", "+", "?", "{": throw fault("there is nothing that '\(scalar)' could repeat")
    case "(":
      position += 1
      if accept("?"), !accept(":") { throw fault("expected '(?:' or '('") }
      let inner = try choice()
      guard accept(")") else { throw fault("expected ')'") }
      return inner
    case "[": return .scalars(try members())
    case "\\": return .scalars(try escape())
    default:
      position += 1
      switch scalar {
      case ".": return .scalars(.any)
      case "^": return .start
      case "$": return .end
      default: return .scalars(.one(scalar))
      }
    }
  }

  /// `\d` and the like, or the scalar after the backslash as it is.
  private mutating func escape() throws(DecantError) -> ScalarClass {
    position += 1
    guard let scalar = next else { throw fault("a backslash ends the pattern") }
    position += 1
    if let known = ScalarClass.named(scalar) { return known }
    guard !isWord(scalar) else { throw fault("'\\\(scalar)' has no meaning here") }
    return .one(scalar)
  }

  private func isWord(_ scalar: Unicode.Scalar) -> Bool { ScalarClass.named("w")?.contains(scalar) ?? false }

  private mutating func members() throws(DecantError) -> ScalarClass {
    position += 1
    var result = ScalarClass(ranges: [], isNegated: accept("^"))
    var isFirst = true
    while let scalar = next {
      guard isFirst || scalar != "]" else {
        position += 1
        return result
      }
      isFirst = false
      let low = try member()
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        guard !low.isNegated else { throw fault("a class of all others cannot stand in brackets") }
        result.ranges += low.ranges
        continue
      }
      position += 1
      let high = try member()
      guard let first = low.single, let last = high.single, first <= last else {
        throw fault("expected a range from a lower to a higher character")
      }
      result.ranges.append(first...last)
    }
    throw fault("expected ']'")
  }

  private mutating func member() throws(DecantError) -> ScalarClass {
    guard let scalar = next else { throw fault("expected ']'") }
    if scalar == "\\" { return try escape() }
    position += 1
    return .one(scalar)
  }

  private mutating func quantified(_ atom: ExpressionTree) throws(DecantError) -> ExpressionTree {
    let (least, most): (Int, Int?)
    switch next {
    case "*": (least, most) = (0, nil)
    case "+": (least, most) = (1, nil)
    case "?": (least, most) = (0, 1)
    case "{":
      (least, most) = try counts()
      position -= 1
    default: return atom
    }
    position += 1
    // Whether as few or as many as possible are taken makes no difference to whether there is a match.
    _ = accept("?")
    return .repeated(atom, least: least, most: most)
  }

  /// `{m}`, `{m,}` or `{m,n}`.
  private mutating func counts() throws(DecantError) -> (Int, Int?) {
    position += 1
    let least = try count()
    var most: Int? = least
    if accept(",") { most = next == "}" ? nil : try count() }
    guard accept("}") else { throw fault("expected '}'") }
    guard most.map({ $0 >= least }) ?? true else { throw fault("expected counts from low to high") }
    return (least, most)
  }

  private mutating func count() throws(DecantError) -> Int {
    let start = position
    var value = 0
    while let scalar = next, let digit = Int(String(scalar)), value <= Self.repeatLimit {
      value = value * 10 + digit
      position += 1
    }
    guard position > start, value <= Self.repeatLimit else {
      throw fault("expected a count of at most \(Self.repeatLimit)")
    }
    return value
  }
}

extension ScalarClass {
  /// The scalar, when it is one.
  fileprivate var single: UInt32? {
    guard !isNegated, ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}

/// Turns the tree of an expression into steps.
struct ExpressionCompiler {
  private static let limit = 20_000
  private(set) var steps: [RegularExpression.Step] = []
  /// How many trees were visited: repeating nothing adds no steps, and takes time all the same.
  private var visits = 0

  /// Appends the steps of `tree`.
  ///
  /// - Throws: `usage` when there are too many.
  mutating func emit(_ tree: ExpressionTree) throws(DecantError) {
    visits += 1
    guard visits <= Self.limit else {
      throw DecantError(.usage, "the regular expression repeats too much: expected at most \(Self.limit) steps")
    }
    switch tree {
    case .scalars(let scalars): steps.append(.take(scalars))
    case .start: steps.append(.start)
    case .end: steps.append(.end)
    case .sequence(let parts): for part in parts { try emit(part) }
    case .choice(let branches): try emitChoice(branches)
    case .repeated(let part, let least, let most):
      for _ in 0..<least { try emit(part) }
      if let most { try emitOptional(part, count: most - least) } else { try emitLoop(part) }
    }
  }

  private mutating func emitChoice(_ branches: [ExpressionTree]) throws(DecantError) {
    var exits: [Int] = []
    for (index, branch) in branches.enumerated() {
      guard index + 1 < branches.count else {
        try emit(branch)
        break
      }
      let fork = steps.count
      steps.append(.jump(0))
      try emit(branch)
      exits.append(steps.count)
      steps.append(.jump(0))
      steps[fork] = .split(fork + 1, steps.count)
    }
    for exit in exits { steps[exit] = .jump(steps.count) }
  }

  private mutating func emitOptional(_ part: ExpressionTree, count: Int) throws(DecantError) {
    var forks: [Int] = []
    for _ in 0..<count {
      forks.append(steps.count)
      steps.append(.jump(0))
      try emit(part)
    }
    for fork in forks { steps[fork] = .split(fork + 1, steps.count) }
  }

  private mutating func emitLoop(_ part: ExpressionTree) throws(DecantError) {
    let fork = steps.count
    steps.append(.jump(0))
    try emit(part)
    steps.append(.jump(fork))
    steps[fork] = .split(fork + 1, steps.count)
  }
}

internal import DecantIR

/// The characters of a pattern, and those of its parts that need no program: classes, escapes, bounds and flags.
struct RegexSource {
  private enum Escape {
    case scalar(Unicode.Scalar)
    case set(ScalarSet)
  }

  private let scalars: [Unicode.Scalar]
  private var place = 0

  /// From a pattern.
  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  /// The next character, which stays.
  var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  /// Takes the next character.
  mutating func next() -> Unicode.Scalar? {
    guard place < scalars.count else { return nil }
    defer { place += 1 }
    return scalars[place]
  }

  /// Takes the next character if it is `scalar`.
  @discardableResult mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    place += 1
    return true
  }

  /// An error that names the place before which it was found.
  func error(_ message: String) -> OpError { OpError("'pattern', before character \(place): \(message)") }

  /// The text up to `end`, which is taken too; nil, and nothing taken, where it does not follow.
  private mutating func text(before end: Unicode.Scalar) -> String? {
    guard let stop = scalars[place...].firstIndex(of: end) else { return nil }
    defer { place = stop + 1 }
    return String(String.UnicodeScalarView(scalars[place..<stop]))
  }

  /// What stands before `\E`, or the end, after `\Q`.
  mutating func quoted() -> [Unicode.Scalar] {
    let start = place
    while place < scalars.count {
      if scalars[place] == "\\", place + 1 < scalars.count, scalars[place + 1] == "E" {
        defer { place += 2 }
        return Array(scalars[start..<place])
      }
      place += 1
    }
    return Array(scalars[start...])
  }

  /// `n}`, `n,}` or `n,m}`; nil, and nothing taken, where something else follows a brace.
  mutating func bounds() -> (least: Int, most: Int?)? {
    let start = place
    guard let text = text(before: "}") else { return nil }
    let numbers = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    let isDigits = { (part: Substring) in part.allSatisfy { ("0"..."9").contains($0) } }
    guard numbers.allSatisfy(isDigits), let first = numbers.first, !first.isEmpty else {
      place = start
      return nil
    }
    // Too many digits are more than may be asked for.
    let least = Int(first) ?? .max
    guard numbers.count == 2 else { return (least, least) }
    return (least, numbers[1].isEmpty ? nil : Int(numbers[1]) ?? .max)
  }

  // MARK: Groups

  /// Reads what follows an opening parenthesis: a name, or flags; false where it was flags alone, which open no group.
  mutating func groupOpening(_ flags: inout RegexFlags) throws(OpError) -> Bool {
    guard skip("?") else { return true }
    if peek == "P" || peek == "<" {
      skip("P")
      guard skip("<"), let name = text(before: ">"), !name.isEmpty else { throw error("expected a group's name") }
      return true
    }
    var value = true
    while let scalar = next() {
      switch scalar {
      case "i": flags.ignoresCase = value
      case "m": flags.isMultiline = value
      case "s": flags.dotMatchesNewline = value
      case "U": break
      case "-" where value: value = false
      case ":": return true
      case ")": return false
      default: throw error("expected flags of i, m, s and U, got '\(scalar)'")
      }
    }
    throw error("expected ':' or ')' after flags, got the end")
  }

  // MARK: Classes

  /// What stands after a backslash.
  mutating func escapedClass() throws(OpError) -> ScalarSet {
    switch try escape() {
    case .scalar(let scalar): ScalarSet(scalar)
    case .set(let set): set
    }
  }

  /// A class in brackets, after the opening one.
  mutating func bracketClass() throws(OpError) -> ScalarSet {
    var set = ScalarSet()
    let isNegated = skip("^")
    var isFirst = true
    while isFirst || peek != "]" {
      isFirst = false
      guard let scalar = next() else { throw error("expected ']', got the end") }
      if scalar == "[", peek == ":", let named = try namedClass() {
        set.formUnion(named)
        continue
      }
      switch scalar == "\\" ? try escape() : .scalar(scalar) {
      case .set(let other): set.formUnion(other)
      case .scalar(let low):
        let high = try rangeEnd() ?? low
        guard low <= high else { throw error("expected a range in order, got '\(low)-\(high)'") }
        set.ranges.append(low.value...high.value)
      }
    }
    place += 1
    set.isNegated = isNegated
    return set
  }

  /// The end of a range, after its beginning; nil where no range follows.
  private mutating func rangeEnd() throws(OpError) -> Unicode.Scalar? {
    guard peek == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else { return nil }
    place += 1
    guard let scalar = next(), scalar == "\\" else { return scalars[place - 1] }
    guard case .scalar(let high) = try escape() else { throw error("expected the end of a range, got a class") }
    return high
  }

  /// `:name:]` or `:^name:]` after a bracket; nil, and nothing taken, where something else follows.
  private mutating func namedClass() throws(OpError) -> ScalarSet? {
    let start = place
    place += 1
    let isNegated = skip("^")
    guard let name = text(before: ":"), skip("]") else {
      place = start
      return nil
    }
    guard let set = ScalarSet.posix(name) else { throw error("expected the name of a class, got '\(name)'") }
    return isNegated ? set.inverted : set
  }

  private mutating func escape() throws(OpError) -> Escape {
    guard let scalar = next() else { throw error("expected a character after '\\', got the end") }
    if let set = ScalarSet.perl(scalar) { return .set(set) }
    switch scalar {
    case "p", "P": return .set(try category(isNegated: scalar == "P"))
    case "a": return .scalar("\u{7}")
    case "f": return .scalar("\u{c}")
    case "n": return .scalar("\n")
    case "r": return .scalar("\r")
    case "t": return .scalar("\t")
    case "v": return .scalar("\u{b}")
    case "x": return .scalar(try hexadecimal())
    case "0"..."7": return .scalar(try octal(from: scalar))
    case "A"..."Z", "a"..."z", "8", "9", "\u{80}"...: throw error("expected an escape of RE2's, got '\\\(scalar)'")
    default: return .scalar(scalar)
    }
  }

  private mutating func category(isNegated: Bool) throws(OpError) -> ScalarSet {
    var isNegated = isNegated
    var name = next().map { String($0) } ?? ""
    if name == "{" {
      if skip("^") { isNegated.toggle() }
      guard let text = text(before: "}") else { throw error("expected '}' after a category") }
      name = text
    }
    guard let set = ScalarSet.category(name) else {
      throw OpError("'pattern': the class '\(name)' is not a general category of Unicode's", kind: .unsupported)
    }
    return isNegated ? set.inverted : set
  }

  /// Two digits, or any number in braces.
  private mutating func hexadecimal() throws(OpError) -> Unicode.Scalar {
    var digits = ""
    if skip("{") {
      guard let text = text(before: "}") else { throw error("expected '}' after a number") }
      digits = text
    } else {
      for _ in 0..<2 { digits += next().map { String($0) } ?? "" }
      guard digits.count == 2 else { throw error("expected two hexadecimal digits, got '\(digits)'") }
    }
    guard digits.first?.isHexDigit ?? false, let number = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(number)
    else { throw error("expected the number of a character, got '\(digits)'") }
    return scalar
  }

  /// Up to three digits; a digit other than 0 alone would refer back to a group.
  private mutating func octal(from first: Unicode.Scalar) throws(OpError) -> Unicode.Scalar {
    var (number, count) = (first.value - 48, 1)
    while count < 3, let digit = peek, ("0"..."7").contains(digit) {
      number = number * 8 + digit.value - 48
      count += 1
      place += 1
    }
    guard first == "0" || count > 1, let scalar = Unicode.Scalar(number) else {
      throw error("expected no reference to a group, for RE2 has none")
    }
    return scalar
  }
}

/// A set of characters, as a class of a regular expression names it.
struct ScalarSet: Sendable, Hashable {
  /// Ranges of code points, in any order.
  var ranges: [ClosedRange<UInt32>] = []
  /// Unicode's general categories.
  var categories: Set<Unicode.GeneralCategory> = []
  /// Sets whose complement belongs to this one, as `\D` in `[\D5]`.
  var complements: [ScalarSet] = []
  /// Whether the set is all that is not in the above.
  var isNegated = false
  /// Whether a character belongs when it does in another case.
  var foldsCase = false

  /// Whether `scalar` belongs.
  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var found = holds(scalar)
    if !found, foldsCase { found = ScalarSet.variants(of: scalar).contains { holds($0) } }
    return found != isNegated
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
      || !categories.isEmpty && categories.contains(scalar.properties.generalCategory)
      || complements.contains { !$0.contains(scalar) }
  }

  /// The same letter in other cases.
  static func variants(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    let upper = single(scalar.properties.uppercaseMapping)
    for text in [scalar.properties.lowercaseMapping, scalar.properties.titlecaseMapping] {
      if let other = single(text) { result.append(other) }
    }
    if let upper {
      result.append(upper)
      if let lower = single(upper.properties.lowercaseMapping) { result.append(lower) }
    }
    return result
  }

  private static func single(_ text: String) -> Unicode.Scalar? {
    let scalars = text.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }

  /// Adds all that `other` contains.
  mutating func formUnion(_ other: ScalarSet) {
    if other.isNegated {
      var positive = other
      positive.isNegated = false
      complements.append(positive)
    } else {
      ranges += other.ranges
      categories.formUnion(other.categories)
      complements += other.complements
    }
  }

  /// All that this set does not contain.
  var inverted: ScalarSet {
    var result = self
    result.isNegated.toggle()
    return result
  }

  /// Only `scalar`.
  init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

  /// Some ranges.
  init(_ ranges: ClosedRange<Unicode.Scalar>...) {
    self.ranges = ranges.map { $0.lowerBound.value...$0.upperBound.value }
  }

  /// ASCII digits.
  static let digit = ScalarSet("0"..."9")
  /// ASCII white space, as `\s` has it.
  static let space = ScalarSet("\t"..."\n", "\u{c}"..."\r", " "..." ")
  /// ASCII letters, digits and the underscore.
  static let word = ScalarSet("0"..."9", "A"..."Z", "_"..."_", "a"..."z")
  /// Every character.
  static let any = ScalarSet("\u{0}"..."\u{10ffff}")
  /// Every character but the line feed.
  static let anyButNewline = ScalarSet("\n").inverted

  /// The class that a letter after a backslash names; nil for other letters.
  static func perl(_ letter: Unicode.Scalar) -> ScalarSet? {
    switch letter {
    case "d": digit
    case "D": digit.inverted
    case "s": space
    case "S": space.inverted
    case "w": word
    case "W": word.inverted
    default: nil
    }
  }

  /// The class that `[:name:]` names; nil for other names.
  static func posix(_ name: String) -> ScalarSet? {
    switch name {
    case "alnum": ScalarSet("0"..."9", "A"..."Z", "a"..."z")
    case "alpha": ScalarSet("A"..."Z", "a"..."z")
    case "ascii": ScalarSet("\u{0}"..."\u{7f}")
    case "blank": ScalarSet("\t"..."\t", " "..." ")
    case "cntrl": ScalarSet("\u{0}"..."\u{1f}", "\u{7f}"..."\u{7f}")
    case "digit": digit
    case "graph": ScalarSet("!"..."~")
    case "lower": ScalarSet("a"..."z")
    case "print": ScalarSet(" "..."~")
    case "punct": ScalarSet("!"..."/", ":"..."@", "["..."`", "{"..."~")
    case "space": ScalarSet("\t"..."\r", " "..." ")
    case "upper": ScalarSet("A"..."Z")
    case "word": word
    case "xdigit": ScalarSet("0"..."9", "A"..."F", "a"..."f")
    default: nil
    }
  }

  /// Unicode's general category `name` of one or two letters, as in `\pL` and `\p{Lu}`; nil for other names.
  static func category(_ name: String) -> ScalarSet? {
    if name == "Any" { return any }
    let members = categoryNames.filter { $0.key == name || name.count == 1 && $0.key.hasPrefix(name) }
    guard !members.isEmpty else { return nil }
    var set = ScalarSet()
    set.categories = Set(members.values)
    return set
  }

  private static let categoryNames: [String: Unicode.GeneralCategory] = [
    "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter, "Lo": .otherLetter,
    "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber, "Nl": .letterNumber,
    "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation, "Ps": .openPunctuation,
    "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation, "Po": .otherPunctuation,
    "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol, "Zs": .spaceSeparator,
    "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format, "Cs": .surrogate,
    "Co": .privateUse,
  ]
}

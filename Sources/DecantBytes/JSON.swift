/// A JSON value whose objects keep the order of their keys, and whose integers stay integers.
public enum JSON: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number written without fraction and exponent.
  case integer(Int)
  /// A number with a fraction or an exponent.
  case number(Double)
  /// A string.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Keys and their values, in order.
  case object(JSONObject)

  /// A number that prints with as few digits as tell `value` from every other `Float`.
  public static func shortest(_ value: Float) -> JSON {
    .number(Double(value.description) ?? Double(value))
  }

  /// The value of `key`, when this is an object that has it.
  public subscript(key: String) -> JSON? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// The string, when this is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The integer, when this is one; `1.0` is not.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The value of a number of either kind.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The truth value, when this is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements, when this is an array.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

  /// The object, when this is one.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
}

/// The members of a JSON object: each key once, in order.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  /// The keys in order.
  public private(set) var keys: [String] = []
  private var values: [String: JSON] = [:]

  /// An object without members.
  public init() {}

  /// An object with these members; of equal keys the last one counts.
  public init(dictionaryLiteral members: (String, JSON)...) {
    for (key, value) in members { self[key] = value }
  }

  /// The value of `key`; a new key goes to the end, and nil removes one in time linear in the number of keys.
  public subscript(key: String) -> JSON? {
    get { values[key] }
    set {
      let old = values[key]
      values[key] = newValue
      if old == nil, newValue != nil { keys.append(key) }
      if old != nil, newValue == nil { keys.removeAll { $0 == key } }
    }
  }

  /// How many members.
  public var count: Int { keys.count }

  /// The members in order.
  public var members: [(key: String, value: JSON)] {
    keys.compactMap { key in values[key].map { (key, $0) } }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object.
  public init(dictionaryLiteral members: (String, JSON)...) {
    var object = JSONObject()
    for (key, value) in members { object[key] = value }
    self = .object(object)
  }
}

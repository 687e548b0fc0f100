/// What a file says about a thing beyond its meaning; kept from reading to writing.
public struct Annotations: Hashable, Sendable {
  /// A key and its value.
  public struct Property: Hashable, Sendable {
    /// The key.
    public var key: String
    /// The value.
    public var value: String

    /// From key and value.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The doc string.
  public var documentation = ""
  /// `metadata_props`, in file order.
  public var properties: [Property] = []
  /// Fields that the schema does not know, as they stood in the file. Kept for output in the same format.
  public var unknownFields: [UInt8] = []

  /// Nothing.
  public init() {}

  /// Whether there is nothing to keep.
  public var isEmpty: Bool { documentation.isEmpty && properties.isEmpty && unknownFields.isEmpty }
}

extension Annotations? {
  /// Nil instead of nothing to keep: one way to say it.
  var nonEmpty: Annotations? { self?.isEmpty == true ? nil : self }
}

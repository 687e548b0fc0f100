internal import DecantBytes
internal import DecantIR

/// Chooses nodes of a model, as users write it.
///
/// | written | chooses |
/// |---|---|
/// | `conv1`, `head/*` | nodes by name, or by a glob (`*`, `?`) over names |
/// | `MatMul` | nodes by operator type |
/// | `name:conv1` | nodes of exactly that name |
/// | `op:com.microsoft.Attention` | nodes of exactly that operator type |
/// | `re:^block\.[0-3]\.` | nodes whose name holds a match of a regular expression |
/// | `first:2`, `last:1` | the first or last products with weights: convolutions, matrix products, recurrences |
/// | `first:2:Gather` | the first nodes of an operator type |
/// | `between:a..b` | nodes on the way from value `a` to value `b`; an end left out is the model's |
///
/// A node without a name goes by the name of its first result.
public struct NodeSelector: Sendable, Hashable {
  /// What the user wrote.
  public let pattern: String

  /// From what the user wrote; it is read when it meets a graph.
  public init(_ pattern: String) { self.pattern = pattern }

  /// The selector of the nodes called `name`, whatever characters that has.
  public static func named(_ name: String) -> NodeSelector { NodeSelector("name:" + name) }
}

public import DecantIR

/// Makes constants of the defaults of inputs, which then leave the interface.
///
/// Some exporters list every weight as an input with a default. A caller may replace those, so nothing can be folded into
/// or out of them. This pass is for models whose callers never do; it is not part of the default pipeline, for it changes
/// the interface. Functions and subgraphs have no defaults.
public struct BindInputDefaults: Pass {
  /// The name that users write.
  public static let name = "bind-input-defaults"
  /// One line for help.
  public static let summary = "make constants of inputs that have a default: they leave the interface"

  /// The pass.
  public init() {}

  /// Runs on the main graph.
  public func run(on model: inout Model, _ context: PassContext) throws -> PassResult {
    var result = PassResult(pass: Self.name)
    model.graph.edit { rewriter in
      // From the last input on: each then leaves without the others moving up.
      for input in rewriter.graph.inputs.reversed() {
        guard let data = rewriter.graph[input].data else { continue }
        let name = rewriter.graph[input].name
        let constant = rewriter.addInitializer(name, data)
        rewriter.annotate(constant, rewriter.graph[input].annotations)
        rewriter.replaceAllUses(of: input, with: constant)
        rewriter.erase(input)
        rewriter.rename(constant, to: name)
        result.applied(Self.name)
      }
    }
    return result
  }
}

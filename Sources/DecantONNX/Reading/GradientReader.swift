internal import DecantIR
internal import DecantOps

/// Writes out the derivatives that a graph asks for.
///
/// `Gradient` is the one operator that refers to values by their names, which edits do not keep: so it goes at the border.
enum GradientReader {
  /// A graph of more nodes gets no derivatives: each may multiply them.
  private static let nodeLimit = 1 << 18

  /// Puts nodes in the place of every `Gradient` of `graph`; those that cannot be derived stay, with a warning.
  static func run(_ graph: inout Graph, functions: [Function], _ context: ReadingContext) {
    guard graph.order.contains(where: { graph[$0].op == Gradients.op }) else { return }
    graph.edit { rewriter in
      // What inference finds wrong is said when the model is checked.
      _ = try? inferTypes(&rewriter, functions: functions)
      for node in rewriter.graph.order where rewriter.graph[node].op == Gradients.op {
        let name = rewriter.graph[node].name
        do throws(OpError) {
          guard rewriter.graph.nodeCount <= nodeLimit else {
            throw OpError("the graph has \(rewriter.graph.nodeCount) nodes, and \(nodeLimit) is the limit")
          }
          try Gradients.expand(node, &rewriter)
        } catch {
          context.warn("the derivatives are not written out: \(error.message)", at: ["graph", name])
        }
      }
    }
  }
}

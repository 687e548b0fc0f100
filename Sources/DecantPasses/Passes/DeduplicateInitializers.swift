internal import DecantBytes
public import DecantIR

/// Stores initializers of equal type, shape and bytes once.
///
/// Candidates share a type, a shape and a few bytes at their ends; only those are read whole, for their SHA-256. So a
/// model without duplicates is hardly read at all, and one made to collide costs one reading.
public struct DeduplicateInitializers: GraphPass {
  /// The name that users write.
  public static let name = "deduplicate-initializers"
  /// One line for help.
  public static let summary = "store constants with equal bytes once"
  /// References in attributes do not matter to it.
  public static let acceptsReferences = true

  /// The pass.
  public init() {}

  private struct Look: Hashable {
    let dataType: DataType
    let shape: [Int]
    let ends: Int
  }

  private struct Identity: Hashable {
    let dataType: DataType
    let shape: [Int]
    let digest: SHA256Digest
  }

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) {
    var groups: [Look: [ValueID]] = [:]
    let initializers = graph.initializers
    for value in initializers {
      guard let look = look(of: graph[value].constant) else { continue }
      groups[look, default: []].append(value)
    }
    var kept: [Identity: ValueID] = [:]
    graph.edit { rewriter in
      for value in initializers {
        guard let tensor = rewriter.graph[value].constant, let look = look(of: tensor),
          let bytes = tensor.bytes, groups[look, default: []].count > 1
        else { continue }
        let identity = Identity(
          dataType: tensor.dataType, shape: tensor.shape, digest: SHA256.digest(of: bytes))
        guard let first = kept[identity] else {
          kept[identity] = value
          continue
        }
        rewriter.replaceAllUses(of: value, with: first)
        rewriter.erase(value)
        result.applied(Self.name)
      }
    }
  }

  private func look(of tensor: Tensor?) -> Look? {
    guard let tensor, let bytes = tensor.bytes else { return nil }
    return Look(dataType: tensor.dataType, shape: tensor.shape, ends: bytes.hashValue)
  }
}

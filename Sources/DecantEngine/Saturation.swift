public import DecantBytes
public import DecantIR
internal import DecantOps
public import DecantRuntime
internal import Synchronization

/// What AVX2 makes of products of u8 and i8 codes: it adds two neighbouring products in 16 bits, where the sum may saturate, as
/// processors with dot products of codes (VNNI) never do.
public enum SaturationCensus {
  /// A product of codes, and how many of its pairs of products do not fit.
  public struct Finding: Sendable, Hashable {
    /// The node's name in the model as it is run.
    public let node: String
    /// The operator on codes.
    public let op: OpName
    /// How many sums of two products saturate.
    public let saturated: Int
    /// How many there are.
    public let pairs: Int
  }

  /// Counts for each dense product of codes that `model` computes from `inputs`, in the model's order.
  ///
  /// Convolutions with groups are left out: they are not computed in pairs.
  ///
  /// - Throws: ``DecantError`` when the model cannot be run.
  public static func count(
    _ model: Model, _ inputs: [String: Tensor], backends: [any Backend], options: Executor.Options = .init()
  ) throws(DecantError) -> [Finding] {
    var prepared = model
    _ = NativeBackend().prepare(&prepared)
    let graph = prepared.graph
    let products = graph.order.filter { Self.operators[graph[$0].op] != nil }
    let watched = Set(products.compactMap { graph[$0].operand(0) }.filter { graph[$0].constant == nil })
    let seen = Mutex<[ValueID: Tensor]>([:])
    let tap = StatisticsTap(watched) { value, tensor in seen.withLock { $0[value] = tensor } }
    _ = try Executor(prepared, backends: backends, options: options, watching: watched).run(inputs, tap: tap)
    let codes = seen.withLock { $0 }
    var findings: [Finding] = []
    for product in products {
      do throws(OpError) {
        guard let finding = try finding(product, graph, codes) else { continue }
        findings.append(finding)
      } catch {
        throw DecantError(error, at: ["node '\(graph[product].name)'"])
      }
    }
    return findings
  }

  private static let operators: [OpName: NativeBackend.Maker] = [
    "MatMulInteger": CodeProduct.sums,
    "QLinearConv": CodeConvolution.make,
    "QLinearMatMul": CodeProduct.quantized,
    .microsoft("MatMulIntegerToFloat"): CodeProduct.floats,
    .microsoft("QGemm"): CodeProduct.gemm,
  ]

  private static func finding(
    _ id: NodeID, _ graph: Graph, _ codes: [ValueID: Tensor]
  ) throws(OpError) -> Finding? {
    let node = graph[id]
    guard let rows = node.operand(0), let operand = codes[rows] else { return nil }
    let constants = node.declaredOperands.map { $0.flatMap { graph[$0].constant } }
    var types: [ConcreteType?] = constants.map { $0.map { ConcreteType($0.dataType, $0.shape) } }
    types[0] = ConcreteType(operand.dataType, operand.shape)
    for index in types.indices.dropFirst() where types[index] == nil && node.operand(index) != nil {
      // Scales and zero points of the rows, which are one number each.
      types[index] = ConcreteType(graph[node.operand(index) ?? rows].type.dataType ?? .float32, [])
    }
    let request = KernelRequest(op: node.op, attributes: node.attributes, operands: types, constants: constants)
    guard let kernel = try operators[node.op]?(request) as? any SaturationCounting else { return nil }
    let (saturated, pairs) = try kernel.saturation(by: operand)
    return Finding(node: node.name, op: node.op, saturated: saturated, pairs: pairs)
  }
}

/// A product of codes that tells which of its sums AVX2 saturates.
protocol SaturationCounting {
  /// How many sums of two products do not fit in 16 bits for these rows, and how many there are.
  func saturation(by codes: Tensor) throws(OpError) -> (saturated: Int, pairs: Int)
}

internal import DecantIR
internal import DecantEngine
internal import DecantOneDNN
internal import DecantONNX
internal import DecantOps

/// What Decant can do with each operator: from the catalogue itself, so it cannot be out of date.
public struct OperatorCoverage: Sendable {
  /// One operator.
  public struct Row: Sendable {
    /// The operator; empty domain for ONNX's own.
    public let op: OpName
    /// The versions of its operator set that are read, as ONNX counts its forms; empty for operators of vendors.
    public let versions: [Int]
    /// Whether reading puts a newer operator in its place.
    public let isReplaced: Bool
    /// Whether the catalogue has its form, and so infers the types of its results.
    public let isKnown: Bool
    /// Whether shape arithmetic goes through it with symbols.
    public let propagatesShapes: Bool
    /// Whether the reference backend computes it.
    public let hasReferenceKernel: Bool
    /// Whether the engine or oneDNN computes it, for usual operands.
    public let hasFastKernel: Bool
    /// How a quantizer treats it.
    public let quantization: QuantizationRule
  }

  /// Every operator that a file may hold, sorted by domain and type.
  public let rows: [Row]

  /// The operators whose name contains `part`, upper and lower case alike; all where it is empty.
  public init(matching part: String = "") {
    let catalog = StandardOps()
    let fast = Set(NativeBackend.operators + OneDNNBackend.operators)
    let names = Set(catalog.definitions.map(\.name)).union(ONNXOperators.versioned)
    let wanted = part.lowercased()
    rows = names.sorted().filter { wanted.isEmpty || $0.description.lowercased().contains(wanted) }.map { op in
      let definition = catalog.definition(of: op)
      return Row(
        op: op, versions: ONNXOperators.versions(of: op), isReplaced: ONNXOperators.isReplaced(op),
        isKnown: definition != nil,
        propagatesShapes: definition?.propagate != nil,
        hasReferenceKernel: definition?.evaluate != nil || definition?.evaluateValues != nil,
        hasFastKernel: fast.contains(op), quantization: definition?.quantization ?? .never)
    }
  }
}

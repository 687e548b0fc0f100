internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// A product of a few rows and constant weights, with a bias and a rectifier: so small that a library's call would cost more.
struct RowProductKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  private let rows: Int
  private let inner: Int
  private let columns: Int
  /// `[inner, columns]`, rows padded with zeros to a multiple of ``lanes``.
  private let weights: Tensor
  private let bias: Tensor?
  private let rectifies: Bool

  private static let lanes = 16
  /// Beyond so many rows products are worth a library's call.
  private static let mostRows = 4
  /// The most weights: beyond, threads gain.
  private static let mostWeights = 1 << 17

  /// A `Gemm` or `MatMul` with what follows it; nil for others and larger ones.
  init?(_ request: KernelRequest, _ steps: [EpilogueStep] = [], _ constants: [Tensor?] = []) {
    guard let a = request.operand(0, of: .float32), let b = request.constant(1), b.dataType == .float32, b.rank == 2,
      a.rank >= 2
    else { return nil }
    let isGemm = request.op == "Gemm"
    let attributes = request.attributes
    guard isGemm || request.op == "MatMul", !isGemm || RowProductKernel.isPlain(attributes, a) else { return nil }
    let transposes = isGemm && attributes.int("transB", default: 0) != 0
    let (depth, width) = transposes ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    let height = a.shape.dropLast().reduce(1, *)
    guard depth == a.shape[a.rank - 1], depth > 0, width > 0, height <= RowProductKernel.mostRows,
      depth * width <= RowProductKernel.mostWeights, let numbers = b.floats
    else { return nil }
    var absorbed: Set<Int> = [1]
    var addend: Tensor?
    if isGemm, request.operand(2) != nil {
      guard let constant = request.constant(2), RowProductKernel.isRow(constant, width) else { return nil }
      addend = constant.aligned
      absorbed.insert(2)
    }
    var rest = steps[...]
    if addend == nil, let step = rest.first, step.op == "Add" {
      guard let place = step.operands.firstIndex(of: .result), case .extra(let extra) = step.operands[1 - place],
        let constant = constants[extra], RowProductKernel.isRow(constant, width)
      else { return nil }
      addend = constant.aligned
      absorbed.insert(request.operands.count + extra)
      rest = rest.dropFirst()
    }
    rectifies = rest.first?.op == "Relu"
    guard rest.dropFirst(rectifies ? 1 : 0).isEmpty else { return nil }
    self.absorbed = absorbed
    bias = addend
    type = ConcreteType(.float32, a.shape.dropLast() + [width])
    (rows, inner, columns) = (height, depth, width)
    let pitch = (width + RowProductKernel.lanes - 1) / RowProductKernel.lanes * RowProductKernel.lanes
    weights = Tensor(of: Float.self, shape: [depth, pitch]) { span in
      for row in 0..<depth {
        for column in 0..<width {
          span[row * pitch + column] = numbers[transposes ? column * depth + row : row * width + column]
        }
      }
    }
  }

  private static func isPlain(_ attributes: Attributes, _ a: ConcreteType) -> Bool {
    a.rank == 2 && attributes.int("transA", default: 0) == 0 && attributes.float("alpha", default: 1) == 1
      && attributes.float("beta", default: 1) == 1
  }

  /// Whether it has one element for each column, and no more rows than one.
  private static func isRow(_ tensor: Tensor, _ width: Int) -> Bool {
    tensor.dataType == .float32 && tensor.rank <= 2 && tensor.shape.last == width && tensor.elementCount == width
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let x = try call.source(0)
    let panels = try Source(weights)
    let addend: Source? = if let bias { try Source(bias) } else { nil }
    let result = try call.make(type, from: [x]) { target in
      unsafe decant_row_products_f32(
        x.floats(), rows, inner, panels.floats(), columns, addend?.floats(), rectifies ? 1 : 0, target.floats())
    }
    withExtendedLifetime((panels, addend)) {}
    return [result]
  }
}

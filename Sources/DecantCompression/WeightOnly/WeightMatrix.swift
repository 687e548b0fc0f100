internal import CKernels
internal import DecantIR

/// A constant as outputs by inputs, wherever the operator has which axis.
struct WeightMatrix: Sendable {
  /// How many outputs.
  let rows: Int
  /// How many inputs.
  let columns: Int
  /// Whether the tensor has the inputs first, as the second operand of MatMul does.
  let isInputsFirst: Bool
  /// float32, aligned.
  let tensor: Tensor

  /// A weight whose last two axes are the matrix; axes before those have one element.
  ///
  /// - Parameter isChecked: whether all elements are looked at first; without, ``checkedPanel(_:)`` and ``DirectCodes`` do.
  /// - Throws: ``OpError`` for types other than floats, and naming the first element that is not finite.
  init(_ tensor: Tensor, isInputsFirst: Bool, isChecked: Bool = true) throws(OpError) {
    guard [.float32, .float16, .bfloat16].contains(tensor.dataType), tensor.bytes != nil, tensor.rank >= 2 else {
      throw OpError("expected a matrix of floats, got \(tensor.type)", kind: .unsupported)
    }
    let (first, last) = (tensor.shape[tensor.rank - 2], tensor.shape[tensor.rank - 1])
    (rows, columns) = isInputsFirst ? (last, first) : (first, last)
    self.isInputsFirst = isInputsFirst
    if tensor.dataType == .float32 {
      self.tensor = tensor.aligned
    } else {
      guard let floats = tensor.floats else { throw OpError("the weight has no data here") }
      self.tensor = Tensor(floats, shape: [first, last])
    }
    if isChecked, !isFinite(self.tensor.span(of: Float.self)) { throw notFinite }
  }

  /// The outputs `range`, each with all its inputs.
  func panel(_ range: Range<Int>) -> WeightPanel {
    let source = tensor.span(of: Float.self)
    var values = [Float](repeating: 0, count: range.count * columns)
    unsafe source.withUnsafeBufferPointer { source in
      unsafe values.withUnsafeMutableBufferPointer { values in
        guard let from = source.baseAddress, let to = values.baseAddress else { return }
        if isInputsFirst {
          unsafe decant_transpose_f32(from + range.lowerBound, rows, columns, range.count, to, columns)
        } else {
          unsafe to.update(from: from + range.lowerBound * columns, count: range.count * columns)
        }
      }
    }
    return WeightPanel(rows: range.count, columns: columns, values: values)
  }

  /// The same, all elements looked at.
  ///
  /// - Throws: ``OpError`` naming the first element of the weight that is not finite.
  func checkedPanel(_ range: Range<Int>) throws(OpError) -> WeightPanel {
    let panel = panel(range)
    guard isFinite(panel.values.span) else { throw notFinite }
    return panel
  }

  private func isFinite(_ values: Span<Float>) -> Bool {
    let range = unsafe values.withUnsafeBufferPointer { values in
      unsafe values.baseAddress.map { unsafe decant_range_f32($0, values.count) }
    }
    return range.map { $0.nans + $0.positive_infinities + $0.negative_infinities == 0 } ?? true
  }

  /// What is wrong with a weight that is not finite.
  var notFinite: OpError {
    let source = tensor.span(of: Float.self)
    let index = source.indices.first { !source[$0].isFinite } ?? 0
    return OpError("the element \(index) is \(source[index]); weights must be finite to be quantized")
  }
}

/// Some outputs of a weight with all their inputs, row by row.
struct WeightPanel: Sendable {
  let rows: Int
  let columns: Int
  var values: [Float]

  /// Calls `body` with the inputs of one output.
  func withRow(_ row: Int, _ body: (UnsafePointer<Float>) -> Void) {
    unsafe values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      unsafe body(start + row * columns)
    }
  }
}

internal import DecantIR
internal import DecantOps

/// The vectors along the last axis of an activation, but for those that a mask turns off: padding.
struct KeptRows: Sendable {
  /// Elements of a vector.
  let columns: Int
  /// float32 and aligned.
  private let tensor: Tensor
  /// The first element of each vector.
  private let starts: [Int]

  /// How many there are.
  var count: Int { starts.count }

  /// From floats; `mask` has an element for each vector, or is for another tensor.
  ///
  /// - Throws: ``OpError`` for other types, and for elements that are not finite.
  init(_ tensor: Tensor, _ mask: [Int]?) throws(OpError) {
    guard tensor.dataType.isFloat, let columns = tensor.shape.last, columns > 0 else {
      throw OpError("expected floats, got \(tensor.type)", kind: .unsupported)
    }
    if let (index, value) = tensor.firstNotFinite {
      throw OpError("the element \(index) is \(value); inputs of products must be finite")
    }
    if tensor.dataType == .float32, tensor.bytes != nil {
      self.tensor = tensor.aligned
    } else {
      guard let floats = tensor.floats else { throw OpError("the value has no data here") }
      self.tensor = Tensor(floats)
    }
    let rows = tensor.elementCount / columns
    let mask = tensor.rank > 2 && mask?.count == rows ? mask : nil
    starts = (0..<rows).filter { row in mask.map { $0[row] != 0 } ?? true }.map { $0 * columns }
    self.columns = columns
  }

  /// Whether others are as many, and, but for rounding, the same.
  func agree(with other: KeptRows) -> Bool {
    guard count == other.count, columns == other.columns else { return false }
    let (these, those) = (elements, other.elements)
    let tolerance = 1e-3 * these.reduce(0) { max($0, abs($1)) }
    return zip(these, those).allSatisfy { abs($0 - $1) <= tolerance }
  }

  private var elements: [Float] {
    let span = tensor.span(of: Float.self)
    return starts.flatMap { start in (start..<start + columns).map { span[$0] } }
  }

  /// Where each begins, for as long as the tensor is there.
  fileprivate var addresses: [UnsafePointer<Float>?] {
    unsafe tensor.span(of: Float.self).withUnsafeBufferPointer { all in
      unsafe starts.map { start in unsafe all.baseAddress.map { unsafe $0 + start } }
    }
  }
}

/// Where the vectors of some activations begin; keeps them there.
@safe struct RowAddresses: @unchecked Sendable {
  /// One for each vector.
  let starts: [UnsafePointer<Float>?]
  private let parts: [KeptRows]

  /// How many there are.
  var count: Int { unsafe starts.count }

  /// Of all `parts`, one after another.
  init(_ parts: [KeptRows]) {
    self.parts = parts
    unsafe starts = parts.flatMap { unsafe $0.addresses }
  }
}

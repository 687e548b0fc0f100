internal import CKernels
internal import DecantIR

/// What becomes of exact sums of products of codes.
struct CodeOutcome: Sendable {
  /// Zero point of the rows or images.
  var zero = 0
  /// Added to the sums, one for each column.
  var bias: [Int32]?
  /// What the sums are multiplied with, one for each column.
  var factors: [Float] = []
  /// Added to the products, one for each column; for floats only.
  var addends: [Float]?
  /// Zero point of the result, for codes.
  var target = 0

  /// What is written for results of `type`: sums (i32), floats or codes.
  static func kind(of type: DataType) -> Int32 {
    let kind =
      switch type {
      case .int32: DECANT_SUMS
      case .float32: DECANT_FLOATS
      case .int8: DECANT_SIGNED_CODES
      default: DECANT_UNSIGNED_CODES
      }
    return Int32(bitPattern: UInt32(kind))
  }

  /// Calls `body` with it as the loops in C take it; `sums` are those of the columns' codes.
  func withC(sums: [Int32], _ body: (UnsafePointer<decant_outcome>) -> Void) {
    unsafe sums.withUnsafeBufferPointer { sums in
      unsafe factors.withUnsafeBufferPointer { factors in
        unsafe CodeOutcome.withAddress(bias) { bias in
          unsafe CodeOutcome.withAddress(addends) { addends in
            let outcome = unsafe decant_outcome(
              zero: Int32(truncatingIfNeeded: zero), sums: sums.baseAddress, bias: bias, factors: factors.baseAddress,
              addends: addends, target: Float(target))
            unsafe withUnsafePointer(to: outcome) { unsafe body($0) }
          }
        }
      }
    }
  }

  private static func withAddress<Element>(_ values: [Element]?, _ body: (UnsafePointer<Element>?) -> Void) {
    guard let values else { return body(nil) }
    unsafe values.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }
}

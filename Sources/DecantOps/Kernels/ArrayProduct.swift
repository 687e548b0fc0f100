internal import DecantIR

extension MatrixProduct {
  /// `c += a · b`, or `a · bᵀ` where `b` is given transposed: matrices whose rows lie one after another.
  ///
  /// Precondition: `a` holds `rows · inner` elements, `b` `inner · columns`, and `c` `rows · columns`.
  static func accumulate<T: KernelFloat>(
    _ a: [T], _ b: [T], isTransposed: Bool, into c: inout [T], rows: Int, inner: Int, columns: Int
  ) {
    unsafe c.withUnsafeMutableBufferPointer { c in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          let right = unsafe MatrixView(b, rowStride: isTransposed ? inner : columns)
          unsafe accumulate(
            MatrixView(a, rowStride: inner), isTransposed ? right.transposed : right, into: c, pitch: columns,
            rows: rows, inner: inner, columns: columns)
        }
      }
    }
  }
}

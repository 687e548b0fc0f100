import DecantIR

@testable import DecantCompression

extension InputProducts {
  /// Adds the products of the rows of a matrix.
  func add(_ x: Matrix, threads: Int) {
    guard let rows = try? KeptRows(Tensor(x.elements, shape: [x.rows, x.columns]), nil) else {
      preconditionFailure("the elements are not finite")
    }
    add([rows], threads: threads)
  }
}

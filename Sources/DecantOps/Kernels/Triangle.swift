internal import DecantIR

/// Keeps the part of each matrix on and above the diagonal that lies `shift` to the right, or on and below it.
struct Triangle: Movement {
  let rows: Int
  let columns: Int
  let shift: Int
  let isUpper: Bool

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let size = rows * columns
    guard size > 0 else { return }
    for start in stride(from: 0, to: target.count, by: size) {
      for row in 0..<rows {
        let diagonal = row.addingReportingOverflow(shift)
        let limit = diagonal.overflow ? columns : diagonal.partialValue
        let kept =
          isUpper
          ? min(max(limit, 0), columns)..<columns
          : 0..<min(max(limit == Int.max ? limit : limit + 1, 0), columns)
        for column in kept {
          let place = start + row * columns + column
          unsafe target[place] = sources[0][place]
        }
      }
    }
  }
}

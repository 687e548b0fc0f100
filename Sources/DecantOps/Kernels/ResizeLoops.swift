internal import DecantIR

extension EvaluationContext {
  /// A float tensor of which one axis is mixed from `taps`, one for each index of the result; 0 where there are none.
  func mix(_ tensor: Tensor, axis: Int, _ taps: [ResizeTaps]) throws(OpError) -> Tensor {
    tensor.dataType == .float64
      ? try mix(Double.self, tensor, axis, taps) : try mix(Float.self, tensor, axis, taps)
  }

  @inline(__always)
  private func mix<R: Real>(
    _ type: R.Type, _ tensor: Tensor, _ axis: Int, _ taps: [ResizeTaps]
  ) throws(OpError) -> Tensor {
    let source = tensor.span(of: R.self)
    var shape = tensor.shape
    let length = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    shape[axis] = taps.count
    let rows = taps.count
    // One list for all taps, and where those of each row begin.
    let places = taps.flatMap(\.places)
    let weights = taps.flatMap(\.weights).map { R($0) }
    let starts = taps.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.places.count) }
    return try make(R.self, shape: shape) { target in
      unsafe source.withUnsafeBufferPointer { source in
        unsafe target.withUnsafeMutableBufferPointer { target in
          for block in 0..<outer {
            for row in 0..<rows {
              let to = (block * rows + row) * inner
              for tap in starts[row]..<starts[row + 1] {
                let (from, factor) = ((block * length + places[tap]) * inner, weights[tap])
                for index in 0..<inner { unsafe target[to + index] += factor * source[from + index] }
              }
            }
          }
        }
      }
    }
  }
}

/// Copies the first source but for whole slices along axes, which take the second source's only element.
struct SliceFill: Movement {
  let shape: [Int]
  /// For each axis, whether a slice is filled; empty where none is.
  let filled: [[Bool]]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let strides = BroadcastPlan.strides(of: shape)
    for index in 0..<target.count {
      let isFilled = filled.indices.contains { axis in
        !filled[axis].isEmpty && filled[axis][index / strides[axis] % shape[axis]]
      }
      unsafe target[index] = isFilled ? sources[1][0] : sources[0][index]
    }
  }
}

internal import DecantBytes
internal import DecantIR

/// Turns sparse tensor messages into sparse tensors.
struct SparseReader {
  private let tensors: TensorReader

  init(_ tensors: TensorReader) { self.tensors = tensors }

  func read(_ proto: SparseTensorProto) throws(DecantError) -> SparseTensor {
    guard let values = proto.values, let indices = proto.indices else {
      throw DecantError(.malformed, "a sparse tensor expected to have values and indices")
    }
    let shape = proto.dims.map(Int.init)
    do throws(OpError) {
      _ = try Tensor.elementCount(shape: shape)
    } catch {
      throw DecantError(error)
    }
    let sparse = SparseTensor(
      values: try tensors.read(values, at: "values"), indices: try tensors.read(indices, at: "indices"), shape: shape)
    try check(sparse)
    return sparse
  }

  /// Refuses indices that are out of range, repeated or unsorted (catalogue C29).
  private func check(_ sparse: SparseTensor) throws(DecantError) {
    guard sparse.values.rank == 1, sparse.indices.dataType == .int64 else {
      throw DecantError(.malformed, "a sparse tensor expected to have a vector of values and indices of type i64")
    }
    let count = sparse.values.elementCount
    let rank = sparse.shape.count
    let isFlat = sparse.indices.shape == [count]
    guard isFlat || sparse.indices.shape == [count, rank] else {
      throw DecantError(
        .malformed, "indices expected of shape [\(count)] or [\(count),\(rank)], got \(sparse.indices.shape)")
    }
    guard let indices = sparse.indices.integers else { return }
    var last = -1
    for element in 0..<count {
      let flat = isFlat ? indices[element] : flatten(indices[element * rank..<(element + 1) * rank], sparse.shape)
      guard flat > last, flat < sparse.shape.reduce(1, *) else {
        throw DecantError(
          .malformed, "sparse index \(element) expected after \(last) and within \(sparse.shape), got \(flat)")
      }
      last = flat
    }
  }

  /// The place of coordinates in row-major order; -1 when one is out of range.
  private func flatten(_ coordinates: ArraySlice<Int>, _ shape: [Int]) -> Int {
    var flat = 0
    for (coordinate, extent) in zip(coordinates, shape) {
      guard coordinate >= 0, coordinate < extent else { return -1 }
      flat = flat * extent + coordinate
    }
    return flat
  }
}

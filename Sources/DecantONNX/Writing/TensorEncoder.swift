internal import DecantBytes
internal import DecantIR

/// Turns tensors into tensor messages: the bytes stay where they are until they are written.
enum TensorEncoder {
  /// The message; `plan` may take the bytes to the file beside the model.
  static func encode(
    _ tensor: Tensor, name: String?, _ plan: inout ExternalDataPlan?
  ) throws(DecantError) -> TensorProto {
    var proto = TensorProto()
    proto.dims = tensor.shape.map(Int64.init)
    proto.dataType = Int32(tensor.dataType.rawValue)
    proto.name = name
    switch tensor.storage {
    case .strings(let strings):
      proto.stringData = strings.map { ByteSlice(copying: $0.bytes) }
    case .bytes(let bytes):
      guard let entries = plan?.entries(for: bytes) else {
        proto.rawData = bytes
        break
      }
      proto.externalData = entries
      proto.dataLocation = 1
    case .absent:
      throw DecantError(
        .unsupported, "the data of '\(name ?? "a constant")' is known by its digest only",
        note: "give the weights that belong to the text form")
    }
    return proto
  }

  /// The message of a sparse tensor, whose values carry the name.
  static func encode(
    _ sparse: SparseTensor, name: String?, _ plan: inout ExternalDataPlan?
  ) throws(DecantError) -> SparseTensorProto {
    var proto = SparseTensorProto()
    proto.values = try encode(sparse.values, name: name, &plan)
    proto.indices = try encode(sparse.indices, name: nil, &plan)
    proto.dims = sparse.shape.map(Int64.init)
    return proto
  }
}

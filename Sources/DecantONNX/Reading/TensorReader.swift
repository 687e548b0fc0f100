internal import DecantBytes
internal import DecantIR
internal import DecantWire

/// Turns tensor messages into tensors; raw and external bytes stay where they are.
struct TensorReader {
  let context: ReadingContext

  init(_ context: ReadingContext) { self.context = context }

  /// Reads `proto`, which stands at `place` in messages.
  func read(_ proto: TensorProto, at place: @autoclosure () -> String) throws(DecantError) -> Tensor {
    do throws(DecantError) {
      return try read(proto)
    } catch {
      throw error.within(place())
    }
  }

  private func read(_ proto: TensorProto) throws(DecantError) -> Tensor {
    guard let type = try TypeReader.dataType(proto.dataType) else {
      throw DecantError(.malformed, "expected an element type, got none")
    }
    guard proto.segment == nil else { throw DecantError(.unsupported, "a tensor in segments") }
    var shape: [Int] = []
    for extent in proto.dims {
      guard extent >= 0 else { throw DecantError(.malformed, "dims expected not to be negative, got \(proto.dims)") }
      shape.append(Int(extent))
    }
    do throws(OpError) {
      _ = try Tensor.byteCount(type == .string ? .uint8 : type, shape: shape)
    } catch {
      throw DecantError(error)
    }
    let tensor = try data(proto, type, shape)
    return try type == .bool ? normalized(tensor, proto) : checkedSpareBits(tensor, proto)
  }

  private func data(_ proto: TensorProto, _ type: DataType, _ shape: [Int]) throws(DecantError) -> Tensor {
    let lists = TypedLists(proto)
    switch proto.dataLocation ?? 0 {
    case 0: break
    case 1:
      guard type != .string else { throw DecantError(.malformed, "strings cannot be external data") }
      guard proto.rawData == nil, lists.present.isEmpty else {
        throw DecantError(.malformed, "expected external data alone, got data in the file as well")
      }
      return try external(proto, type, shape)
    default:
      throw DecantError(.malformed, "data_location expected 0 or 1, got \(proto.dataLocation ?? 0)")
    }
    if let raw = proto.rawData {
      guard type != .string else { throw DecantError(.malformed, "strings expected in string_data, got raw_data") }
      guard lists.present.isEmpty else {
        throw DecantError(.malformed, "expected raw_data alone, got \(lists.present.joined(separator: ", ")) as well")
      }
      return try tensor(type, shape, raw)
    }
    let expected = TypedLists.name(for: type)
    guard lists.present.allSatisfy({ $0 == expected }) else {
      throw DecantError(
        .malformed, "\(type) data expected in \(expected), got \(lists.present.joined(separator: ", "))")
    }
    guard type != .string else { return try strings(proto, shape) }
    return try tensor(type, shape, try lists.bytes(of: type, shape: shape, budget: context.budget))
  }

  private func tensor(_ type: DataType, _ shape: [Int], _ bytes: ByteSlice) throws(DecantError) -> Tensor {
    do throws(OpError) {
      return try Tensor(type, shape: shape, bytes: bytes)
    } catch {
      throw DecantError(error)
    }
  }

  private func strings(_ proto: TensorProto, _ shape: [Int]) throws(DecantError) -> Tensor {
    do throws(WireError) {
      let bytes = proto.stringData.reduce(0) { $0 + $1.count }
      try context.budget.take(bytes: bytes, for: "strings", at: 0)
    } catch {
      throw DecantError(error.code.kind, error.message)
    }
    let strings = proto.stringData.map { slice in
      ByteString(bytes: unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) })
    }
    do throws(OpError) {
      return try Tensor(strings: strings, shape: shape)
    } catch {
      throw DecantError(error)
    }
  }

  private func external(_ proto: TensorProto, _ type: DataType, _ shape: [Int]) throws(DecantError) -> Tensor {
    let entry = try ExternalEntry(proto.externalData) { key in
      context.warn("external data: the key '\(key)' is not known and ignored", at: [place(proto)])
    }
    guard let files = context.externalData else {
      throw DecantError(.unreadable, "external data '\(entry.location)', and the model has no folder")
    }
    return try tensor(type, shape, try files.bytes(of: entry))
  }

  /// A bool tensor of zeros and ones: other bytes become ones, with a warning.
  private func normalized(_ tensor: Tensor, _ proto: TensorProto) throws(DecantError) -> Tensor {
    guard let bytes = tensor.bytes else { return tensor }
    let odd = unsafe bytes.bytes.withUnsafeBytes { unsafe $0.reduce(0) { $0 + ($1 > 1 ? 1 : 0) } }
    guard odd > 0 else { return tensor }
    guard !context.options.isStrict else {
      throw DecantError(.malformed, "bools expected to be 0 or 1, got \(odd) others")
    }
    context.warn("\(odd) bools are neither 0 nor 1 and read as true", at: [place(proto)])
    let ones = unsafe bytes.bytes.withUnsafeBytes { unsafe $0.map { $0 > 1 ? 1 : $0 } }
    return try self.tensor(.bool, tensor.shape, ByteSlice(copying: ones))
  }

  /// Warns of bits set beyond the last element of a packed type.
  private func checkedSpareBits(_ tensor: Tensor, _ proto: TensorProto) -> Tensor {
    let type = tensor.dataType
    guard type.isPacked, let bytes = tensor.bytes, bytes.count > 0 else { return tensor }
    let used = tensor.elementCount % (8 / type.bitWidth) * type.bitWidth
    let last = unsafe bytes.bytes.unsafeLoad(fromByteOffset: bytes.count - 1, as: UInt8.self)
    if used > 0, last >> UInt8(used) != 0 {
      context.warn("bits are set beyond the last \(type) element", at: [place(proto)])
    }
    return tensor
  }

  private func place(_ proto: TensorProto) -> String { "tensor '\(proto.name ?? "")'" }
}

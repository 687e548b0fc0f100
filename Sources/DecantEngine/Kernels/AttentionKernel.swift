internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Attention among float32 queries, keys and values: one pass in the cache for each head, without the scores in memory.
///
/// A cache of old keys, windows, a cap on the scores and results other than the first are left to the reference.
struct AttentionKernel: Kernel {
  private let queries: Heads
  private let keys: Heads
  private let values: Heads
  private let mask: AttentionMask?
  /// Which operand the mask is.
  private let maskPlace: Int
  private let factor: Float
  private let isCausal: Bool
  private let result: ConcreteType
  private let threads: Int

  /// The standard operator.
  static let standard: NativeBackend.Maker = { (request) throws(OpError) in
    let attributes = request.attributes
    guard (4...6).allSatisfy({ request.operand($0) == nil }), attributes.float("softcap", default: 0) == 0,
      attributes.int("softmax_precision", default: 1) == 1, attributes.int("left_window_size", default: -1) < 0,
      attributes.int("right_window_size", default: -1) < 0
    else { return nil }
    return AttentionKernel(
      request, heads: attributes.int("q_num_heads"), keyHeads: attributes.int("kv_num_heads"), maskPlace: 3,
      scale: attributes.float("scale"), isCausal: attributes.int("is_causal", default: 0) != 0)
  }

  /// ONNX Runtime's, on projections without bias, padding or cache.
  static let multiHead: NativeBackend.Maker = { (request) throws(OpError) in
    let heads = request.attributes.int("num_heads")
    guard request.operand(0)?.rank == 3, request.operand(1)?.rank == 3, request.operand(2)?.rank == 3,
      ([3, 4] + Array(6...9)).allSatisfy({ request.operand($0) == nil })
    else { return nil }
    // 0 stands for the usual one.
    let scale = request.attributes.float("scale").flatMap { $0 == 0 ? nil : $0 }
    return AttentionKernel(
      request, heads: heads, keyHeads: heads, maskPlace: 5, scale: scale,
      isCausal: request.attributes.int("unidirectional", default: 0) != 0)
  }

  private init?(
    _ request: KernelRequest, heads: Int?, keyHeads: Int?, maskPlace: Int, scale: Float?, isCausal: Bool
  ) {
    guard request.wanted.count == 1, let query = request.operand(0, of: .float32),
      let key = request.operand(1, of: .float32), let value = request.operand(2, of: .float32),
      let queries = Heads(query.shape, heads), let keys = Heads(key.shape, keyHeads),
      let values = Heads(value.shape, keyHeads), keys.batch == queries.batch, values.batch == queries.batch,
      keys.size == queries.size, values.length == keys.length, values.count == keys.count,
      queries.count % keys.count == 0
    else { return nil }
    if let type = request.operand(maskPlace) {
      guard let mask = AttentionMask(type, [queries.batch, queries.count, queries.length, keys.length])
      else { return nil }
      self.mask = mask
    } else {
      mask = nil
    }
    (self.queries, self.keys, self.values) = (queries, keys, values)
    self.maskPlace = maskPlace
    self.isCausal = isCausal
    factor = scale ?? Float(1 / Double(queries.size).squareRoot())
    let shape =
      queries.isFlat
      ? [queries.batch, queries.length, queries.count * values.size]
      : [queries.batch, queries.count, queries.length, values.size]
    result = ConcreteType(.float32, shape)
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (q, k, v) = (try call.source(0), try call.source(1), try call.source(2))
    let bias = try mask?.floats(call, maskPlace)
    let output = Heads(of: queries, size: values.size)
    let scratch = decant_attention_scratch(keys.length, queries.size, values.size)
    let cost = queries.length * keys.length * (queries.size + values.size) / 8 + scratch
    let result = try call.make(result, from: [q, k, v] + (bias.map { [$0] } ?? [])) { target in
      Shares.forEach(queries.batch * queries.count, cost: cost, threads: threads) { range in
        let room = UnsafeMutablePointer<Float>.allocate(capacity: scratch)
        defer { unsafe room.deallocate() }
        for index in range {
          let (item, head) = (index / queries.count, index % queries.count)
          let source = head / (queries.count / keys.count)
          let row = mask?.start(item, head) ?? 0
          var one = unsafe decant_attention(
            queries: queries.length, keys: keys.length, size: queries.size, value_size: values.size,
            q: q.floats(at: queries.start(item, head)), k: k.floats(at: keys.start(item, source)),
            v: v.floats(at: values.start(item, source)), q_row: queries.row, k_row: keys.row, k_step: 1,
            v_row: values.row, mask: bias?.floats(at: row), mask_row: mask?.row ?? 0, factor: factor,
            is_causal: isCausal ? 1 : 0, past: 0, y: target.floats(at: output.start(item, head)), y_row: output.row)
          unsafe decant_attention_f32(&one, room)
        }
      }
    }
    return [result]
  }
}

/// Where the heads of a tensor lie: `[batch, heads, length, size]`, or flat as `[batch, length, heads · size]`.
struct Heads {
  let batch: Int
  let count: Int
  let length: Int
  let size: Int
  let isFlat: Bool

  /// Nil for other ranks, and where `heads` does not divide the last axis of a flat tensor.
  init?(_ shape: [Int], _ heads: Int?) {
    switch shape.count {
    case 4: (batch, count, length, size, isFlat) = (shape[0], shape[1], shape[2], shape[3], false)
    case 3:
      guard let heads, heads >= 1, shape[2] % heads == 0 else { return nil }
      (batch, count, length, size, isFlat) = (shape[0], heads, shape[1], shape[2] / heads, true)
    default: return nil
    }
  }

  /// Like `other`, of another size.
  init(of other: Heads, size: Int) {
    (batch, count, length, isFlat) = (other.batch, other.count, other.length, other.isFlat)
    self.size = size
  }

  /// How far rows of one head lie apart.
  var row: Int { isFlat ? count * size : size }

  /// Where a head begins.
  func start(_ item: Int, _ head: Int) -> Int {
    isFlat ? item * length * count * size + head * size : (item * count + head) * length * size
  }
}

/// What is added to scores `[batch, heads, queries, keys]`, repeated along axes of one element.
struct AttentionMask {
  private let type: ConcreteType
  private let strides: [Int]

  /// Nil for types other than float32 and bool, and for a mask that does not cover all keys.
  init?(_ type: ConcreteType, _ scores: [Int]) {
    guard type.dataType == .float32 || type.dataType == .bool, (1...4).contains(type.rank),
      type.shape.last == scores[3], !type.shape.contains(0)
    else { return nil }
    let padded = [Int](repeating: 1, count: 4 - type.rank) + type.shape
    guard zip(padded, scores).allSatisfy({ $0 == 1 || $0 == $1 }) else { return nil }
    self.type = type
    strides = AxisPlan.strides(of: padded, in: scores)
  }

  /// How far the rows of two queries lie apart.
  var row: Int { strides[2] }

  /// Where the rows of a head begin.
  func start(_ item: Int, _ head: Int) -> Int { item * strides[0] + head * strides[1] }

  /// The mask as numbers: 0 where a bool mask lets a key be seen, else -∞.
  func floats(_ call: KernelCall, _ place: Int) throws(OpError) -> Source {
    let tensor = try call.operand(place).plain()
    guard type.dataType == .bool else { return try Source(tensor) }
    let seen = tensor.array(of: Boolean.self) ?? []
    return try Source(Tensor(seen.map { $0.value ? 0 : -Float.infinity }, shape: tensor.shape))
  }
}

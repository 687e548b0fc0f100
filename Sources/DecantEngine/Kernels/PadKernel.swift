internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// `Pad` by constant counts that are not negative, of elements of 1, 2, 4 or 8 bytes.
struct PadKernel: Kernel {
  let absorbed: Set<Int>
  private let type: ConcreteType
  /// For each axis and place of the result the place of the operand; nil in the padding of a constant.
  private let sources: [[Int?]]
  /// How many bytes a step along each axis of the operand takes.
  private let strides: [Int]
  /// Where the operand itself lies in the last axis of the result.
  private let middle: Range<Int>
  /// One element of the padding.
  private let filler: [UInt8]

  /// The longest axis, and the most padding at one end: all places of an axis are written down.
  private static let mostPlaces = 1 << 20

  static let make: NativeBackend.Maker = { (request) throws(OpError) in
    guard let source = request.operand(0), source.rank >= 1, MovementKernel.moves(source),
      let counts = request.constant(1)?.integers
    else { return nil }
    var axes = Array(source.shape.indices)
    if request.operand(3) != nil {
      guard let given = request.constant(3)?.integers else { return nil }
      axes = []
      for axis in given { axes.append(try normalizeAxis(axis, rank: source.rank, name: "axes")) }
    }
    guard Set(axes).count == axes.count, counts.count == 2 * axes.count,
      counts.allSatisfy({ (0...mostPlaces).contains($0) }), source.shape.allSatisfy({ $0 <= mostPlaces })
    else { return nil }
    var filler = [UInt8](repeating: 0, count: source.dataType.bitWidth / 8)
    if request.operand(2) != nil {
      guard let constant = request.constant(2), constant.dataType == source.dataType, constant.elementCount == 1,
        let bytes = constant.bytes
      else { return nil }
      filler = unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }
    }
    var sources = source.shape.map { (0..<$0).map { Optional($0) } }
    for (index, axis) in axes.enumerated() {
      guard
        let places = places(
          source.shape[axis], counts[index], counts[axes.count + index], request.attributes.string("mode") ?? "constant"
        )
      else { return nil }
      sources[axis] = places
    }
    let last = source.rank - 1
    let start = axes.firstIndex(of: last).map { counts[$0] } ?? 0
    return PadKernel(request, source, sources, middle: start..<start + source.shape[last], filler)
  }

  /// Where each place of an axis comes from; nil for modes and counts that are left to others.
  private static func places(_ extent: Int, _ before: Int, _ after: Int, _ mode: String) -> [Int?]? {
    let all = -before..<extent + after
    switch mode {
    case "constant": return all.map { (0..<extent).contains($0) ? $0 : nil }
    case "edge": return all.map { min(max($0, 0), extent - 1) }
    case "reflect" where max(before, after) < extent:
      return all.map { $0 < 0 ? -$0 : $0 < extent ? $0 : 2 * (extent - 1) - $0 }
    default: return nil
    }
  }

  private init?(
    _ request: KernelRequest, _ source: ConcreteType, _ sources: [[Int?]], middle: Range<Int>, _ filler: [UInt8]
  ) {
    let shape = sources.map(\.count)
    guard let count = try? Tensor.elementCount(shape: shape), count < 1 << 40 else { return nil }
    absorbed = Set(request.operands.indices.dropFirst())
    type = ConcreteType(source.dataType, shape)
    self.sources = sources
    self.middle = middle
    self.filler = filler
    strides = AxisPlan.strides(of: source.shape, in: source.shape).map { $0 * filler.count }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let source = try call.source(0)
    let result = try call.make(type, from: [source]) { target in
      var place = [Int](repeating: 0, count: type.rank - 1)
      for row in 0..<type.shape.dropLast().reduce(1, *) {
        var offset: Int? = 0
        for (axis, index) in place.enumerated() {
          guard let before = offset, let from = sources[axis][index] else {
            offset = nil
            break
          }
          offset = before + from * strides[axis]
        }
        unsafe writeRow(target, row, offset.map { unsafe source.bytes(at: $0) })
        for axis in place.indices.reversed() {
          place[axis] += 1
          if place[axis] < type.shape[axis] { break }
          place[axis] = 0
        }
      }
    }
    return [result]
  }

  /// Writes row `row` of the result from a row of the operand; nil where all of it is padding.
  private func writeRow(_ target: Target, _ row: Int, _ source: UnsafeRawPointer?) {
    let (width, last) = (filler.count, sources[type.rank - 1])
    let start = unsafe target.bytes(at: row * last.count * width)
    unsafe filler.withUnsafeBytes { filler in
      func write(_ places: Range<Int>) {
        for index in places {
          let from = unsafe source.flatMap { source in unsafe last[index].map { unsafe source + $0 * width } }
          guard let from = unsafe from ?? filler.baseAddress else { continue }
          unsafe (start + index * width).copyMemory(from: from, byteCount: width)
        }
      }
      guard let source = unsafe source else { return write(0..<last.count) }
      write(0..<middle.lowerBound)
      unsafe (start + middle.lowerBound * width).copyMemory(from: source, byteCount: middle.count * width)
      write(middle.upperBound..<last.count)
    }
  }
}

internal import COneDNN
internal import DecantIR
internal import Synchronization

/// A computation that oneDNN has prepared: for one shape, with layouts of its choice. Runs on several threads at once.
@safe final class Primitive: @unchecked Sendable {
  /// What a primitive reads, and in which role.
  struct Argument {
    let place: Int32
    let content: Content

    static func source(_ content: Content) -> Argument { Argument(place: DNNL_ARG_SRC_0, content: content) }
    static func second(_ content: Content) -> Argument { Argument(place: DNNL_ARG_SRC_0 + 1, content: content) }
    static func weights(_ content: Content) -> Argument { Argument(place: DNNL_ARG_WEIGHTS_0, content: content) }
    static func bias(_ content: Content) -> Argument { Argument(place: DNNL_ARG_BIAS, content: content) }
    static func mean(_ content: Content) -> Argument { Argument(place: DNNL_ARG_MEAN, content: content) }
    static func variance(_ content: Content) -> Argument { Argument(place: DNNL_ARG_VARIANCE, content: content) }
    static func scale(_ content: Content) -> Argument { Argument(place: DNNL_ARG_SCALE, content: content) }
    static func shift(_ content: Content) -> Argument { Argument(place: DNNL_ARG_SHIFT, content: content) }
    static func postOperand(_ index: Int, _ content: Content) -> Argument {
      Argument(place: decant_dnnl_post_op_place(Int32(index)), content: content)
    }
    static func multiple(_ index: Int, _ content: Content) -> Argument {
      Argument(place: DNNL_ARG_MULTIPLE_SRC + Int32(index), content: content)
    }
  }

  /// The layout that it wants of operand 0.
  let source: Layout
  /// The layout that it wants of the weights.
  let weights: Layout
  /// The layout in which it gives the result.
  let destination: Layout
  /// Whether the result is row-major.
  let isDense: Bool
  /// Whether the result has the extents of images and their channels innermost.
  let isChannelsLast: Bool

  private let made: UnsafeMutablePointer<decant_primitive>
  private let postOperands: [Layout]
  private let unpacking = Mutex<(primitive: Primitive, dense: Layout)?>(nil)
  private let threads: Int32

  private init(_ made: decant_primitive, threads: Int32) throws(OpError) {
    let place = UnsafeMutablePointer<decant_primitive>.allocate(capacity: 1)
    unsafe place.initialize(to: made)
    unsafe self.made = place
    self.threads = threads
    unsafe source = Layout(made.source)
    unsafe weights = Layout(made.weights)
    unsafe destination = Layout(made.destination)
    unsafe postOperands = [made.others.0, made.others.1, made.others.2, made.others.3].map { Layout($0) }
    let extents = unsafe withUnsafeBytes(of: made.destination.dims) { dims in
      unsafe dims.bindMemory(to: Int64.self).prefix(Int(made.destination.ndims)).map { Int($0) }
    }
    isDense = try destination.matches(.dense(extents))
    isChannelsLast = extents.count < 3 ? false : try destination.matches(.channelsLast(extents, dnnl_f32))
  }

  deinit {
    unsafe decant_dnnl_destroy(made)
    unsafe made.deallocate()
  }

  /// The layout that it wants of the tensor that post-op `index` reads.
  func postOperand(_ index: Int) -> Layout { postOperands[index] }

  /// The primitive that `prepare` describes; nil when oneDNN does not have it.
  ///
  /// - Throws: ``OpError`` when oneDNN fails.
  @safe static func make(
    threads: Int, _ prepare: (inout decant_primitive, Int32) -> dnnl_status_t
  ) throws(OpError) -> Primitive? {
    var made = unsafe decant_primitive()
    let threads = Int32(clamping: threads)
    let status = unsafe prepare(&made, threads)
    if status == dnnl_unimplemented || status == dnnl_invalid_arguments { return nil }
    try Library.check(status, "prepare a primitive")
    return unsafe try Primitive(made, threads: threads)
  }

  /// How many of `threads` threads are worth waking for this product of operations: each gets some tens of microseconds of work.
  static func threads(_ threads: Int, operations: Int...) -> Int {
    var product = 1
    for factor in operations {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow else { return threads }
      product = next
    }
    return min(threads, max(1, product >> 21))
  }

  /// The same for functions of so many elements, which wait for memory.
  static func threads(_ threads: Int, elements: [Int]) -> Int {
    Primitive.threads(threads, operations: elements.reduce(1, *), 64)
  }

  /// A copy from one layout into another.
  static func reorder(from source: Layout, to destination: Layout, threads: Int) throws(OpError) -> Primitive {
    let threads = Primitive.threads(threads, operations: destination.byteCount, 16)
    let primitive = try make(threads: threads) { made, threads in
      unsafe decant_dnnl_reorder(&made, threads, source.pointer, destination.pointer)
    }
    guard let primitive else { throw OpError("oneDNN cannot convert between two of its layouts", kind: .unsupported) }
    return primitive
  }

  /// What brings results into row-major order, and that order; made when it is first needed. `shape` is the same at every call.
  func unpacker(_ shape: [Int], threads: Int) throws(OpError) -> (primitive: Primitive, dense: Layout) {
    if let known = unpacking.withLock({ $0 }) { return known }
    let dense = try Layout.dense(shape)
    let made = (primitive: try Primitive.reorder(from: destination, to: dense, threads: threads), dense: dense)
    unpacking.withLock { $0 = made }
    return made
  }

  /// Runs it; the result goes to `result`, which lies as ``destination`` says.
  func run(_ arguments: [Argument], into result: LaidOutBuffer) throws(OpError) {
    try unsafe run(arguments, result.pointer, result.layout)
  }

  /// Runs it; the result goes to `result`, which lies as `layout` says.
  func run(_ arguments: [Argument], into result: inout MutableSpan<Float>, _ layout: Layout) throws(OpError) {
    let pointer = unsafe result.withUnsafeMutableBufferPointer { UnsafeMutableRawPointer($0.baseAddress) }
    try unsafe run(arguments, pointer, layout)
  }

  /// Runs it; the result goes to `result`, which lies as ``destination`` says.
  func run(_ arguments: [Argument], into result: inout MutableRawSpan) throws(OpError) {
    let pointer = unsafe result.withUnsafeMutableBytes { $0.baseAddress }
    try unsafe run(arguments, pointer, destination)
  }

  private func run(
    _ arguments: [Argument], _ pointer: UnsafeMutableRawPointer?, _ layout: Layout
  ) throws(OpError) {
    let status = withExtendedLifetime((arguments, layout)) {
      var bound: [decant_argument] = unsafe []
      unsafe bound.reserveCapacity(arguments.count + 1)
      for argument in arguments {
        unsafe bound.append(
          decant_argument(
            place: argument.place, layout: argument.content.layout.pointer, bytes: argument.content.pointer))
      }
      unsafe bound.append(decant_argument(place: DNNL_ARG_DST, layout: layout.pointer, bytes: pointer))
      return unsafe bound.withUnsafeBufferPointer { bound in
        unsafe decant_dnnl_execute(made, threads, Int32(bound.count), bound.baseAddress)
      }
    }
    try Library.check(status, "run a primitive")
  }
}

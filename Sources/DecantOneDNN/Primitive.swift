internal import COneDNN
internal import DecantIR

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
  var source: Layout { unsafe Layout(made.source) }
  /// The layout that it wants of the weights.
  var weights: Layout { unsafe Layout(made.weights) }
  /// The layout in which it gives the result.
  var destination: Layout { unsafe Layout(made.destination) }

  /// The layout that it wants of the tensor that post-op `index` reads.
  func postOperand(_ index: Int) -> Layout {
    unsafe withUnsafeBytes(of: made.others) { others in
      unsafe Layout(others.bindMemory(to: dnnl_memory_desc_t.self)[index])
    }
  }

  private let made: decant_primitive
  private let threads: Int32

  private init(_ made: decant_primitive, threads: Int32) {
    unsafe self.made = made
    self.threads = threads
  }

  deinit {
    var made = unsafe made
    unsafe decant_dnnl_destroy(&made)
  }

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
    return unsafe Primitive(made, threads: threads)
  }

  /// A copy from one layout into another.
  static func reorder(from source: Layout, to destination: Layout, threads: Int) throws(OpError) -> Primitive {
    let primitive = try make(threads: threads) { made, threads in
      unsafe withUnsafePointer(to: source.description) { source in
        unsafe withUnsafePointer(to: destination.description) { destination in
          unsafe decant_dnnl_reorder(&made, threads, source, destination)
        }
      }
    }
    guard let primitive else { throw OpError("oneDNN cannot convert between two of its layouts", kind: .unsupported) }
    return primitive
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

  private func run(
    _ arguments: [Argument], _ pointer: UnsafeMutableRawPointer?, _ layout: Layout
  ) throws(OpError) {
    // oneDNN reads the layouts through pointers: they live in one array for as long as the call lasts.
    let layouts = arguments.map { $0.content.layout.description } + [layout.description]
    let status = withExtendedLifetime(arguments) {
      unsafe layouts.withUnsafeBufferPointer { layouts in
        var bound: [decant_argument] = unsafe []
        unsafe bound.reserveCapacity(layouts.count)
        for (index, argument) in arguments.enumerated() {
          unsafe bound.append(
            decant_argument(
              place: argument.place, layout: layouts.baseAddress.map { unsafe $0 + index },
              bytes: argument.content.pointer))
        }
        unsafe bound.append(
          decant_argument(
            place: DNNL_ARG_DST, layout: layouts.baseAddress.map { unsafe $0 + arguments.count }, bytes: pointer))
        return unsafe bound.withUnsafeBufferPointer { bound in
          unsafe withUnsafePointer(to: made) { made in
            unsafe decant_dnnl_execute(made, threads, Int32(bound.count), bound.baseAddress)
          }
        }
      }
    }
    try Library.check(status, "run a primitive")
  }
}

internal import DecantBytes
public import DecantForms
public import DecantIR

/// What a user says about the codes of one tensor, or of one channel of it, whatever calibration and options say.
///
/// The meaning is that of ONNX Runtime's `TensorQuantOverrides`: what is not given is chosen as usual.
public struct TensorOverride: Sendable, Hashable {
  /// The type of the codes.
  public var type: DataType?
  /// The scale and the code of zero; both or neither, and nothing but type and axis beside them.
  public var parameters: AffineParameters?
  /// The lower end of the range.
  public var low: Float?
  /// The upper end of the range.
  public var high: Float?
  /// Whether the range is symmetric around zero.
  public var isSymmetric: Bool?
  /// Whether only half the codes are used; for constants only.
  public var isReduced: Bool?
  /// The axis of channels that have scales of their own; for constants only.
  public var axis: Int?

  /// Nothing said.
  public init() {}

  /// `range` with the ends that are given.
  func applied(to range: TensorRange) -> TensorRange { TensorRange(low ?? range.low, high ?? range.high) }
}

/// Overrides by tensor name: one for all of a tensor, or one for each channel.
public typealias TensorOverrides = [String: [TensorOverride]]

extension StaticQuantizationOptions {
  /// Refuses overrides that no tensor of `graph` can have.
  ///
  /// - Throws: `usage`, naming the tensor.
  func checkOverrides(_ graph: Graph) throws(DecantError) {
    guard !overrides.isEmpty else { return }
    guard form == .pairs else {
      throw DecantError(.usage, "overrides of tensors go with the form qdq, not with \(form.rawValue)")
    }
    for (name, list) in overrides.sorted(by: { $0.key < $1.key }) {
      guard let value = graph.value(named: name) else {
        let names = Set(graph.order.flatMap { graph[$0].results.compactMap { $0 }.map { graph[$0].name } })
          .union(graph.initializers.map { graph[$0].name })
        throw DecantError(
          .usage, "the overrides name '\(name)', which is no tensor of the model",
          note: NearestNames.note(name, among: names))
      }
      guard let first = list.first else { continue }
      guard let data = graph[value].constant else {
        guard first.axis == nil, first.isReduced == nil, list.count == 1 else {
          throw DecantError(
            .usage, "the overrides of '\(name)' expected one without 'axis' and 'reduce_range', for it is no constant")
        }
        continue
      }
      guard let axis = first.axis else { continue }
      guard (-data.rank..<data.rank).contains(axis) else {
        throw DecantError(
          .usage, "the overrides of '\(name)': 'axis' expected in -\(data.rank)..<\(data.rank), got \(axis)")
      }
      let channels = data.shape[axis < 0 ? axis + data.rank : axis]
      guard list.count == channels || (list.count == 1 && first.parameters == nil) else {
        throw DecantError(.usage, "the overrides of '\(name)' expected \(channels), one a channel, got \(list.count)")
      }
    }
  }
}

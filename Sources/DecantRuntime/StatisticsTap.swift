public import DecantIR

/// Watches values of the main graph while it runs, as calibration does.
///
/// `observe` gets each chosen value once per run, as soon as it is there, on the thread that runs.
public struct StatisticsTap: Sendable {
  /// The values to watch: inputs and results of nodes that some output needs.
  public let values: Set<ValueID>
  /// Takes a value; an error stops the run and is reported for the node that made the value.
  let observe: @Sendable (ValueID, RuntimeTensor) throws(OpError) -> Void

  /// Watches `values`, in row-major order.
  public init(_ values: Set<ValueID>, observe: @escaping @Sendable (ValueID, Tensor) throws(OpError) -> Void) {
    self.init(asTheyLie: values) { (value, tensor) throws(OpError) in try observe(value, try tensor.plain().aligned) }
  }

  /// Watches `values` in the order that kernels have left them in.
  public init(
    asTheyLie values: Set<ValueID>, observe: @escaping @Sendable (ValueID, RuntimeTensor) throws(OpError) -> Void
  ) {
    self.values = values
    self.observe = observe
  }
}

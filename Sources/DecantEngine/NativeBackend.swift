public import DecantBytes
public import DecantIR
internal import DecantPasses
public import DecantRuntime

/// Rewrites models into the operators that run fast, and computes with kernels of our own what oneDNN does slowly or not at all.
public struct NativeBackend: Backend {
  /// `native`.
  public static let name = "native"

  /// Makes a kernel for a node, or nil when there is none for these types.
  typealias Maker = @Sendable (KernelRequest) throws(OpError) -> (any Kernel)?

  /// One line an operator, sorted.
  private static let makers: [OpName: Maker] = [:]

  /// The backend.
  public init() {}

  /// The operators that it computes, sorted.
  public static var operators: [OpName] { makers.keys.sorted() }

  /// Brings patterns into the operators that have fast kernels (``EngineRules``).
  public func prepare(_ model: inout Model) throws(DecantError) {
    do {
      _ = try EngineRules.pipeline.run(on: &model)
    } catch let error as DecantError {
      throw error
    } catch {
      throw DecantError(.unsupported, "the model cannot be prepared: \(error)")
    }
  }

  /// A kernel of our own; nil for other operators and types.
  public func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    guard let make = NativeBackend.makers[request.op] else { return nil }
    return try make(request)
  }
}

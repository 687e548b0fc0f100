public import DecantIR
internal import Synchronization

/// What the kernels of one node have made of its constants: weights packed for products.
///
/// It depends on the node alone, so that kernels for operands of other types use the same. It is kept for as long as some kernel
/// holds it.
public final class ConstantForms: Sendable {
  private let known = Mutex<[Int: Weak]>([:])

  private struct Weak: Sendable {
    weak let object: (any AnyObject & Sendable)?
  }

  /// Nothing yet.
  public init() {}

  /// The form number `index`, made by `make` where no kernel holds it; those of a node have one type each.
  ///
  /// - Throws: what `make` throws.
  public func form<Form: AnyObject & Sendable>(
    _ index: Int = 0, _ make: () throws(OpError) -> Form?
  ) throws(OpError) -> Form? {
    try known.withLock { (known) throws(OpError) in
      if let form = known[index]?.object as? Form { return form }
      let made = try make()
      known[index] = made.map { Weak(object: $0) }
      return made
    }
  }
}

internal import CKernels
internal import Synchronization

/// How fast this machine can be at most, as measured: what kernels are compared with.
public struct MachineCeilings: Sendable, Hashable {
  /// Operations on floats a second, of which a multiply-add is two.
  public let floatOperations: Double
  /// Operations on bytes that are summed in 32 bits a second; 0 on machines without an instruction for it.
  public let byteOperations: Double
  /// Bytes read and written a second, from arrays that no cache of one processor holds.
  public let bytes: Double

  /// Measures for some milliseconds on `threads` threads at once; the first result for a number of threads is kept.
  public static func measured(threads: Int) -> MachineCeilings {
    if let known = known.withLock({ $0[threads] }) { return known }
    func sum(_ rate: @Sendable () -> Double) -> Double {
      Parallel.map(count: threads, threads: threads) { _ in rate() }.reduce(0, +)
    }
    let made = MachineCeilings(
      floatOperations: sum { decant_ceiling_f32() }, byteOperations: sum { decant_ceiling_u8s8() },
      bytes: sum { decant_ceiling_memory() })
    known.withLock { $0[threads] = made }
    return made
  }

  private static let known = Mutex<[Int: MachineCeilings]>([:])

  /// How many seconds so many operations and bytes take at least; nil where neither has a ceiling.
  public func leastSeconds(operations: Double, onBytes: Bool, bytes: Double) -> Double? {
    let rate = onBytes && byteOperations > 0 ? byteOperations : floatOperations
    guard rate > 0, self.bytes > 0 else { return nil }
    return max(operations / rate, bytes / self.bytes)
  }
}

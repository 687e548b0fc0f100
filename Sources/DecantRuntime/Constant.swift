internal import DecantBytes
internal import DecantIR
internal import Synchronization

/// An initializer as a plan holds it: as the file has it, and aligned once somebody needs it so.
final class Constant: Sendable {
  /// The data as the file has it.
  let tensor: Tensor
  private let cache = Mutex<Tensor?>(nil)

  init(_ tensor: Tensor) { self.tensor = tensor }

  /// Lets the system take back the memory of data that a file has, for a kernel has its own copy; a later reader gets it from the
  /// file again.
  func giveBack() {
    // Below some pages, neighbours would suffer more than is won.
    if tensor.byteCount >= 1 << 16 { tensor.bytes?.evict() }
  }

  /// The data, aligned; copied at most once, and only when the file has it at an odd place.
  var aligned: Tensor {
    if tensor.isAligned { return tensor }
    return cache.withLock { cached in
      if let cached { return cached }
      let copy = tensor.aligned
      cached = copy
      return copy
    }
  }
}

internal import CKernels

/// Keeps bytes alive at a fixed address: heap bytes of its own, or those of a mapped file.
///
/// The bytes do not change while anyone can see them.
@safe package final class ByteOwner: @unchecked Sendable {
  /// Heap bytes are aligned to a cache line.
  package static let alignment = 64

  package let unsafeBytes: UnsafeRawBufferPointer
  /// The file that the bytes are mapped from; nil for heap bytes.
  package let file: MappedFile?
  private let heap: UnsafeMutableRawBufferPointer?

  /// Heap bytes, filled by `initialize` before anyone else sees them; what they hold at first is not specified unless they are
  /// `zeroed`.
  package init<E: Error>(
    count: Int, zeroed: Bool = true, initialize: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    let start = unsafe zeroed ? decant_zeroed(count) : decant_bytes(count)
    guard unsafe start != nil || count == 0 else { preconditionFailure("no memory for \(count) bytes") }
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
    do throws(E) {
      try unsafe initialize(buffer)
    } catch {
      unsafe decant_free(start, count)
      throw error
    }
    unsafe unsafeBytes = UnsafeRawBufferPointer(buffer)
    unsafe heap = buffer
    file = nil
  }

  package init(file: MappedFile) {
    unsafe unsafeBytes = file.unsafeBytes
    unsafe heap = nil
    self.file = file
  }

  deinit {
    if let heap = unsafe heap { unsafe decant_free(heap.baseAddress, heap.count) }
  }
}

/// Bytes that are written over and over, without being zeroed or allocated anew.
@safe package final class ScratchBuffer {
  private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// A buffer of `count` bytes.
  init(count: Int = 0) { reserve(count) }

  deinit { unsafe memory.deallocate() }

  /// How many bytes there are.
  var count: Int { unsafe memory.count }

  /// Makes room for `count` bytes at least, keeping what is there.
  func reserve(_ count: Int) {
    guard count > self.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, self.count * 2), alignment: 64)
    unsafe larger.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(memory))
    unsafe memory.deallocate()
    unsafe memory = larger
  }

  /// The bytes, to read.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory)), borrowing: self) }
  }

  /// The bytes, to write. One view at a time, and none across ``reserve(_:)``.
  var mutableBytes: MutableRawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: memory), borrowing: self) }
  }
}

internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A file that appears at its path whole and synced, or not at all.
///
/// Bytes go to `.NAME.decant-PID-RANDOM` in the same folder; ``commit()`` renames it. Whatever happens before leaves the path
/// as it was: the input itself, a symbolic link or a hard link to it can be the output. Without a commit the temporary file is
/// removed, also by a signal once ``InterruptCleanup/install()`` was called.
public final class AtomicFile {
  /// Where the file will be.
  public let path: String
  /// How many bytes were written, which is also where the next one goes.
  public private(set) var offset = 0

  private let replacing: Bool
  private let temporaryPath: String
  private let slot: Int32
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var state = State.writing

  private enum State { case writing, finished, published, exchanged, done }
  private static let bufferSize = 256 << 10
  /// How much of a mapped file is written at a time.
  private static let mappedPiece = 8 << 20

  /// Begins the file that `path` will be; `size` bytes are reserved on the disk when given.
  ///
  /// - Throws: `cannotCreate` when the folder is missing or not writable, or when `path` exists and `replacing` is false;
  ///   `inputOutput` when the disk is full. Nothing is written then.
  public init(_ path: String, replacing: Bool = false, expecting size: Int? = nil) throws(DecantError) {
    let target = try OutputPath(path)
    try target.check(replacing: replacing)
    self.path = path
    self.replacing = replacing
    temporaryPath = target.temporary()
    slot = unsafe temporaryPath.withCString { unsafe decant_temporary_add($0) }
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    descriptor = unsafe temporaryPath.withCString { unsafe open($0, flags, 0o666) }
    guard descriptor >= 0 else {
      let code = errno
      decant_temporary_remove(slot)
      state = .done
      throw DecantError(OutputPath.kind(ofOpening: code), "cannot create: \(SystemCall.message(code))", at: [path])
    }
    guard let size else { return }
    let status = decant_preallocate(descriptor, Int64(size))
    guard status == 0 else {
      discard()
      throw DecantError(.inputOutput, "cannot reserve \(size) bytes: \(SystemCall.message(status))", at: [path])
    }
  }

  deinit { discard() }

  /// Writes `bytes` at the end; small pieces are gathered, large ones go straight to the file.
  public func write(_ bytes: RawSpan) throws(DecantError) {
    precondition(state == .writing, "a finished file cannot be written")
    let count = bytes.byteCount
    if buffer.count + count > AtomicFile.bufferSize { try flush() }
    if count >= AtomicFile.bufferSize / 4 {
      try flush()
      try writeNow(bytes)
    } else {
      if buffer.capacity == 0 { buffer.reserveCapacity(AtomicFile.bufferSize) }
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }
    offset += count
  }

  /// Writes the bytes of `slice` at the end. Long ones of a mapped file leave memory as they are written.
  public func write(_ slice: ByteSlice) throws(DecantError) {
    guard slice.isMapped else { return try write(slice.bytes) }
    for start in stride(from: 0, to: slice.count, by: AtomicFile.mappedPiece) {
      let piece = slice[start..<min(start + AtomicFile.mappedPiece, slice.count)]
      try write(piece.bytes)
      if piece.count == AtomicFile.mappedPiece { piece.evict() }
    }
  }

  /// Writes `bytes` at the end.
  public func write(_ bytes: [UInt8]) throws(DecantError) { unsafe try write(bytes.span.bytes) }

  /// Writes the UTF-8 of `text` at the end.
  public func write(_ text: String) throws(DecantError) { try write(Array(text.utf8)) }

  /// Writes zeros up to the next multiple of `alignment`.
  public func pad(to alignment: Int) throws(DecantError) {
    let rest = offset % alignment
    if rest > 0 { try write([UInt8](repeating: 0, count: alignment - rest)) }
  }

  /// Makes the file appear at its path: all of it is on the disk first.
  public func commit() throws(DecantError) {
    try finish()
    try publish(exchanging: false)
    try retire()
  }

  /// Removes the temporary file; does nothing after a commit.
  public func discard() {
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    guard state == .writing || state == .finished else { return }
    state = .done
    _ = unsafe temporaryPath.withCString { unsafe unlink($0) }
    decant_temporary_remove(slot)
  }

  // The steps of a commit, for files that must appear together.

  /// Writes what is gathered, cuts what was reserved too much, syncs and closes.
  func finish() throws(DecantError) {
    guard state == .writing else { return }
    try flush()
    guard ftruncate(descriptor, off_t(offset)) == 0, fsync(descriptor) == 0 else { throw failure("cannot write") }
    let status = close(descriptor)
    descriptor = -1
    guard status == 0 else { throw failure("cannot close") }
    state = .finished
  }

  /// Renames the temporary file to the path; when `exchanging`, what was there before is kept until ``retire()``.
  func publish(exchanging: Bool) throws(DecantError) {
    precondition(state == .finished, "only a finished file can be published")
    let status = unsafe temporaryPath.withCString { from in
      unsafe path.withCString { to in
        if unsafe decant_rename_exclusive(from, to) == 0 { return (code: Int32(0), state: State.published) }
        guard errno == EEXIST, replacing else { return (errno, .finished) }
        if exchanging, unsafe decant_rename_exchange(from, to) == 0 { return (0, .exchanged) }
        return unsafe rename(from, to) == 0 ? (0, .published) : (errno, .finished)
      }
    }
    guard status.code == 0 else {
      if status.code == EEXIST { throw OutputPath.exists(path) }
      let kind = OutputPath.kind(ofOpening: status.code)
      throw DecantError(kind, "cannot rename into place: \(SystemCall.message(status.code))", at: [path])
    }
    if status.state == .published { decant_temporary_remove(slot) }
    state = status.state
  }

  /// Undoes ``publish(exchanging:)`` as far as the system can.
  func withdraw() {
    switch state {
    case .published where !replacing:
      _ = unsafe path.withCString { unsafe unlink($0) }
      state = .done
    case .exchanged:
      _ = unsafe temporaryPath.withCString { from in unsafe path.withCString { unsafe decant_rename_exchange(from, $0) }
      }
      state = .finished
      discard()
    default: discard()
    }
  }

  /// Removes what was replaced, and syncs the folder.
  func retire() throws(DecantError) {
    if state == .exchanged {
      _ = unsafe temporaryPath.withCString { unsafe unlink($0) }
      decant_temporary_remove(slot)
    }
    state = .done
    try OutputPath(path).syncFolder()
  }

  private func flush() throws(DecantError) {
    guard !buffer.isEmpty else { return }
    var gathered = buffer
    buffer = []
    unsafe try writeNow(gathered.span.bytes)
    gathered.removeAll(keepingCapacity: true)
    buffer = gathered
  }

  private func writeNow(_ bytes: RawSpan) throws(DecantError) {
    let code = unsafe bytes.withUnsafeBytes { all -> Int32 in
      var rest = unsafe all[...]
      while unsafe !rest.isEmpty {
        let written = unsafe Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0 {
          if errno == EINTR { continue }
          return errno
        }
        unsafe rest = unsafe rest.dropFirst(written)
      }
      return 0
    }
    if code != 0 {
      throw DecantError(.inputOutput, "cannot write: \(SystemCall.message(code))", at: [path])
    }
  }

  private func failure(_ what: String) -> DecantError {
    DecantError(.inputOutput, "\(what): \(SystemCall.message(errno))", at: [path])
  }
}

/// Files that appear together, as a model and its weights.
public enum AtomicFileSet {
  /// Commits `files` in order, so the one that names the others goes last.
  ///
  /// All of them are on the disk before the first appears; when one cannot be put into place, those before it are taken back.
  public static func commit(_ files: [AtomicFile]) throws(DecantError) {
    do throws(DecantError) {
      for file in files { try file.finish() }
      for file in files { try file.publish(exchanging: true) }
    } catch {
      for file in files { file.withdraw() }
      throw error
    }
    for file in files { try file.retire() }
  }
}

/// Removal of temporary files when the process is interrupted.
public enum InterruptCleanup {
  /// Makes SIGINT, SIGTERM, SIGHUP and SIGPIPE remove every temporary file and exit with 128 plus the signal (130, 143, …).
  ///
  /// SIGBUS, which means that a mapped input shrank, exits with 74. Only a program calls this, never a library.
  public static func install() { decant_install_interrupt_cleanup() }
}

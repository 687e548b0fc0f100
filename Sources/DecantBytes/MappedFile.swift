#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A regular file mapped for reading.
///
/// The mapping lives as long as the object or any ``ByteSlice`` of it.
@safe public final class MappedFile: @unchecked Sendable {
  /// The path as the user gave it.
  public let path: String
  /// Device and inode: tells whether two paths are one file.
  public let identity: FileIdentity
  package let unsafeBytes: UnsafeRawBufferPointer

  /// Maps the file at `path`.
  ///
  /// - Throws: `unreadable` when it is missing, not permitted, or not a regular file; it never blocks on a FIFO.
  public static func open(_ path: String) throws(DecantError) -> MappedFile {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw DecantError(
        .unreadable, "expected a path, got \(path.isEmpty ? "nothing" : "one with a NUL byte")", at: [path])
    }
    let descriptor = unsafe path.withCString { unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw cannotOpen(path, errno) }
    defer { close(descriptor) }
    return try map(descriptor: descriptor, path: path)
  }

  /// Why `path` could not be opened: sockets and the like say no more than that there is no device.
  private static func cannotOpen(_ path: String, _ code: Int32) -> DecantError {
    var status = stat()
    guard code == ENXIO, unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else {
      return DecantError(.unreadable, SystemCall.message(code), at: [path])
    }
    return DecantError(.unreadable, "expected a regular file, got \(FileKind(mode: status.st_mode))", at: [path])
  }

  /// Maps an open file.
  ///
  /// The descriptor may be closed afterwards.
  package static func map(descriptor: Int32, path: String) throws(DecantError) -> MappedFile {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw DecantError(.unreadable, SystemCall.message(errno), at: [path])
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DecantError(.unreadable, "expected a regular file, got \(FileKind(mode: status.st_mode))", at: [path])
    }
    let identity = FileIdentity(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), links: UInt64(status.st_nlink))
    let count = Int(status.st_size)
    guard count > 0 else {
      // Files of the kernel, as in /proc, have a size of 0 and bytes all the same.
      var byte: UInt8 = 0
      guard unsafe pread(descriptor, &byte, 1, 0) == 0 else {
        throw DecantError(.unreadable, "expected a regular file, got one of unknown size", at: [path])
      }
      return unsafe MappedFile(path: path, identity: identity, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    guard let address = unsafe smallPageMapping(of: descriptor, count: count) else {
      throw DecantError(.inputOutput, "cannot map: \(SystemCall.message(errno))", at: [path])
    }
    return unsafe MappedFile(
      path: path, identity: identity, bytes: UnsafeRawBufferPointer(start: address, count: count))
  }

  /// Maps a file one small page off the alignment of huge pages; nil, with `errno`, where the system refuses.
  ///
  /// Linux keeps what was written in one go in huge pages and maps such a page whole when one byte of it is read: a look at
  /// the structure of a file would make megabytes around each place resident. Off that alignment it cannot.
  private static func smallPageMapping(of descriptor: Int32, count: Int) -> UnsafeMutableRawPointer? {
    let (huge, page) = (2 << 20, Int(getpagesize()))
    guard count <= Int.max - 3 * huge else {
      errno = ENOMEM
      return nil
    }
    let reserved = (count + 2 * huge + page - 1) / page * page
    let area = unsafe mmap(nil, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard unsafe area != MAP_FAILED, let area = unsafe area else { return nil }
    let start = huge - Int(bitPattern: area) % huge + page
    let address = unsafe mmap(area + start, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0)
    guard unsafe address != MAP_FAILED else {
      let code = errno
      unsafe munmap(area, reserved)
      errno = code
      return nil
    }
    let end = start + (count + page - 1) / page * page
    unsafe munmap(area, start)
    unsafe munmap(area + end, reserved - end)
    return unsafe address
  }

  private init(path: String, identity: FileIdentity, bytes: UnsafeRawBufferPointer) {
    self.path = path
    self.identity = identity
    unsafe unsafeBytes = bytes
  }

  deinit {
    if let address = unsafe unsafeBytes.baseAddress {
      unsafe munmap(UnsafeMutableRawPointer(mutating: address), unsafeBytes.count)
    }
  }

  /// Drops the pages that hold `range` from memory. They are clean: nothing writes to a mapping.
  func evict(_ range: Range<Int>) {
    guard let address = unsafe unsafeBytes.baseAddress else { return }
    let page = Int(getpagesize())
    let start = range.lowerBound / page * page
    let end = min((range.upperBound + page - 1) / page * page, unsafe unsafeBytes.count)
    unsafe madvise(UnsafeMutableRawPointer(mutating: address) + start, end - start, MADV_DONTNEED)
  }

  /// All bytes of the file.
  public var bytes: ByteSlice { ByteSlice(owner: ByteOwner(file: self)) }
}

/// What makes two paths one file, and how many names it has.
public struct FileIdentity: Hashable, Sendable {
  /// The device that holds the file.
  public let device: UInt64
  /// The file's number on its device.
  public let inode: UInt64
  /// How many hard links name it.
  public let links: UInt64
}

/// The kind of a file that is not what was expected, for messages.
struct FileKind: CustomStringConvertible {
  let mode: mode_t

  var description: String {
    switch mode & S_IFMT {
    case S_IFDIR: "a directory"
    case S_IFIFO: "a FIFO"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    case S_IFLNK: "a symbolic link"
    default: "something else"
    }
  }
}

/// Words for system errors.
package enum SystemCall {
  /// The system's message for `code`, lower case, as in `no such file or directory`.
  package static func message(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text).lowercased()
  }
}

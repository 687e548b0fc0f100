#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A path that is about to be written: its folder and its name.
public struct OutputPath {
  let path: String
  let folder: String
  let name: String

  init(_ path: String) throws(DecantError) {
    let cut = path.lastIndex(of: "/")
    name = cut.map { String(path[path.index(after: $0)...]) } ?? path
    folder = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    self.path = path
    guard !name.isEmpty, name != ".", name != "..", !path.utf8.contains(0) else {
      throw DecantError(.cannotCreate, "expected the name of a file, got '\(path)'")
    }
  }

  /// Refuses a folder that is missing, and a file that exists unless it is regular (or a link) and may be replaced.
  func check(replacing: Bool) throws(DecantError) {
    var status = stat()
    guard unsafe folder.withCString({ unsafe stat($0, &status) }) == 0 else {
      throw DecantError(.cannotCreate, "folder '\(folder)': \(SystemCall.message(errno))", at: [path])
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw DecantError(.cannotCreate, "'\(folder)' is not a folder", at: [path])
    }
    guard unsafe path.withCString({ unsafe lstat($0, &status) }) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFLNK else {
      throw DecantError(
        .cannotCreate, "expected a regular file to replace, got \(FileKind(mode: status.st_mode))", at: [path])
    }
    guard replacing else { throw OutputPath.exists(path) }
  }

  /// A name in the same folder that nobody else uses.
  func temporary() -> String {
    let short = String(name.unicodeScalars.prefix(50).map(Character.init))
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(folder)/.\(short).decant-\(getpid())-\(random)"
  }

  /// Puts the names in the folder onto the disk; a file system that cannot is left alone.
  func syncFolder() throws(DecantError) {
    let descriptor = unsafe folder.withCString { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw DecantError(.inputOutput, "cannot sync '\(folder)': \(SystemCall.message(errno))", at: [path])
    }
  }

  static func exists(_ path: String) -> DecantError {
    DecantError(.cannotCreate, "the file exists", at: [path], note: "pass --force to replace it")
  }

  /// Whether a failure to create is about the path or about the machine.
  static func kind(ofOpening code: Int32) -> DecantError.Kind {
    switch code {
    case ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, EFBIG: .inputOutput
    default: .cannotCreate
    }
  }
}

extension OutputPath {
  /// Fails, before any work is done, where a file at `path` could not be written.
  ///
  /// - Throws: `cannotCreate` when the folder is missing, or when `path` exists and `replacing` is false.
  public static func check(_ path: String, replacing: Bool) throws(DecantError) {
    try OutputPath(path).check(replacing: replacing)
  }
}

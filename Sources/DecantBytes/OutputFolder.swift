#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A folder that files are extracted to, and never past it.
public struct OutputFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// The folder at `path`, made when it is missing; its parent must exist.
  public init(_ path: String) throws(DecantError) {
    self.path = path
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw DecantError(.cannotCreate, "expected the path of a folder, got '\(path)'")
    }
    try OutputFolder.make(path)
    guard OutputFolder.mode(path, followingLinks: true) == S_IFDIR else {
      throw DecantError(.cannotCreate, "expected a folder, got another kind of file", at: [path])
    }
  }

  /// The path of the file `relative` in the folder, its own folders made.
  ///
  /// - Throws: `refused` when a part of it is a symbolic link, or something else than a folder or, at the end, a file.
  ///   Precondition: `relative` has no empty, `.` or `..` part.
  public func place(for relative: String) throws(DecantError) -> String {
    var current = path
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    precondition(!parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }, "the path must stay in the folder")
    for part in parts.dropLast() {
      current += "/" + part
      try OutputFolder.make(current)
      guard OutputFolder.mode(current, followingLinks: false) == S_IFDIR else {
        throw DecantError(.refused, "expected a folder that is no symbolic link", at: [current])
      }
    }
    current += "/" + (parts.last ?? "")
    if let kind = OutputFolder.mode(current, followingLinks: false), kind != S_IFREG {
      throw DecantError(.refused, "expected a regular file or nothing, got \(FileKind(mode: kind))", at: [current])
    }
    return current
  }

  private static func make(_ path: String) throws(DecantError) {
    guard unsafe path.withCString({ unsafe mkdir($0, 0o777) }) != 0, errno != EEXIST else { return }
    throw DecantError(
      OutputPath.kind(ofOpening: errno), "cannot create the folder: \(SystemCall.message(errno))", at: [path])
  }

  private static func mode(_ path: String, followingLinks: Bool) -> mode_t? {
    var status = stat()
    let result = unsafe path.withCString { unsafe followingLinks ? stat($0, &status) : lstat($0, &status) }
    return result == 0 ? status.st_mode & S_IFMT : nil
  }
}

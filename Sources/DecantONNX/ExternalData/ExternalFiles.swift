internal import DecantBytes
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The files beside a model that hold its weights: each is opened once, and none outside the model's folder.
///
/// A location is walked component by component without following links. One exception serves Hugging Face caches, where model
/// and data are links into one folder of blobs: a link is followed when it ends in the folder in which the model really lies.
final class ExternalFiles: Sendable {
  private let folder: String
  private let modelPath: String
  private let allowsHardLinks: Bool
  private let opened = Mutex<[String: MappedFile]>([:])

  init(besides path: String, options: ONNXReader.Options) {
    modelPath = path
    folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    allowsHardLinks = options.allowsHardLinks
  }

  /// The bytes that `entry` names: a slice of the mapped file.
  func bytes(of entry: ExternalEntry) throws(DecantError) -> ByteSlice {
    do throws(DecantError) {
      let file = try open(entry.location)
      if let checksum = entry.checksum { try check(file, checksum) }
      let all = file.bytes
      guard entry.offset <= all.count else {
        throw DecantError(.malformed, "offset \(entry.offset) expected within the file, which has \(all.count) bytes")
      }
      let left = all.count - entry.offset
      let length = entry.length ?? left
      guard length <= left else {
        throw DecantError(
          .malformed, "expected \(length) bytes at offset \(entry.offset), and the file has \(all.count)")
      }
      return all[entry.offset..<entry.offset + length]
    } catch {
      throw error.within("external data '\(entry.location)'")
    }
  }

  private func check(_ file: MappedFile, _ checksum: String) throws(DecantError) {
    let actual = SHA1.hex(of: file.bytes.bytes)
    guard actual == checksum.lowercased() else {
      throw DecantError(.malformed, "SHA-1 expected \(checksum), got \(actual)")
    }
  }

  private func open(_ location: String) throws(DecantError) -> MappedFile {
    if let file = opened.withLock({ $0[location] }) { return file }
    let components = try ExternalFiles.components(of: location)
    let descriptor = try descriptor(of: components)
    defer { close(descriptor) }
    let file: MappedFile
    do throws(DecantError) {
      file = try MappedFile.map(descriptor: descriptor, path: location)
    } catch {
      let isKind = error.kind == .unreadable && error.message.hasPrefix("expected a regular file")
      throw isKind ? DecantError(.refused, error.message) : DecantError(error.kind, error.message)
    }
    guard file.identity.links <= 1 || allowsHardLinks else {
      throw DecantError(
        .refused, "the file has \(file.identity.links) names (hard links)",
        note: "copy the file, or allow it with --allow-hardlinks")
    }
    opened.withLock { $0[location] = file }
    return file
  }

  /// The parts of a relative path that stays inside its folder (catalogue C19).
  static func components(of location: String) throws(DecantError) -> [String] {
    let isPlain =
      !location.isEmpty && !location.hasPrefix("/") && !location.hasSuffix("/") && !location.contains("\\")
      && !location.utf8.contains(0) && !location.contains("://") && !location.hasPrefix("file:")
    let parts = location.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    let kept = parts.filter { $0 != "." }
    guard isPlain, !kept.isEmpty, parts.last != ".", !kept.contains("..") else {
      throw DecantError(
        .refused, "expected a relative path inside the model's folder, got '\(location)'")
    }
    return kept
  }

  private func descriptor(of components: [String]) throws(DecantError) -> Int32 {
    var current = unsafe folder.withCString { unsafe Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard current >= 0 else { throw DecantError(.unreadable, SystemCall.message(errno)) }
    for (index, component) in components.enumerated() {
      let isLast = index == components.count - 1
      let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (isLast ? O_NONBLOCK : O_DIRECTORY)
      let next = unsafe component.withCString { unsafe openat(current, $0, flags) }
      let code = errno
      close(current)
      if next >= 0 {
        current = next
        continue
      }
      // A link: ELOOP, or ENOTDIR where a folder was asked for.
      if isLast, code == ELOOP { return try linkedDescriptor(components) }
      if code == ELOOP || code == ENOTDIR {
        throw DecantError(.refused, "'\(component)' expected to be a folder, got a link or something else")
      }
      let kind: DecantError.Kind = code == ENXIO ? .refused : .unreadable
      throw DecantError(kind, SystemCall.message(code))
    }
    return current
  }

  /// Opens the end of a link when it lies in the model's real folder.
  private func linkedDescriptor(_ components: [String]) throws(DecantError) -> Int32 {
    let path = ([folder] + components).joined(separator: "/")
    guard let target = ExternalFiles.realPath(path), let model = ExternalFiles.realPath(modelPath) else {
      throw DecantError(.unreadable, "the link leads nowhere")
    }
    guard ExternalFiles.folder(of: target) == ExternalFiles.folder(of: model) else {
      throw DecantError(.refused, "the link leads out of the model's folder")
    }
    let descriptor = unsafe target.withCString { unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
    guard descriptor >= 0 else { throw DecantError(.unreadable, SystemCall.message(errno)) }
    return descriptor
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = unsafe path.withCString({ unsafe realpath($0, nil) }) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func folder(of path: String) -> Substring {
    path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
  }
}

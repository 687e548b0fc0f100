internal import CCrypto
internal import CKernels

/// A SHA-256 digest.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// A digest of these bytes; nil unless there are 32 of them.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  fileprivate init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { hexadecimal(bytes) }

  /// 64 lower-case hexadecimal digits.
  public var description: String { hex }
}

/// Computes a SHA-256 digest, at once or piece by piece.
public struct SHA256: ~Copyable {
  private let hash = unsafe Hash(EVP_sha256())

  /// A digest of nothing yet.
  public init() {}

  /// Adds `bytes`.
  public mutating func update(_ bytes: RawSpan) { hash.update(bytes) }

  /// Adds the bytes of `slice`.
  public mutating func update(_ slice: ByteSlice) { hash.update(slice.bytes) }

  /// The digest of all that was added.
  public consuming func finish() -> SHA256Digest { SHA256Digest(unchecked: hash.finish()) }

  /// The digest of `bytes`.
  public static func digest(of bytes: RawSpan) -> SHA256Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The digest of the bytes of `slice`.
  public static func digest(of slice: ByteSlice) -> SHA256Digest { digest(of: slice.bytes) }

  /// The digest of each of `ranges` of `bytes`, side by side where the processor can: twice as fast for sixteen or more.
  ///
  /// Precondition: the ranges lie within the bytes.
  public static func digests(of ranges: [Range<Int>], in bytes: RawSpan) -> [SHA256Digest] {
    let total = ranges.reduce(0) { $0 + $1.count }
    let largest = ranges.reduce(0) { max($0, $1.count) }
    var digests = [UInt8](repeating: 0, count: 32 * ranges.count)
    // Of sixteen lanes about five must be busy to beat one message after the other.
    guard total / 5 > largest, hash(ranges, of: bytes, into: &digests) else {
      return ranges.map { digest(of: bytes.extracting($0)) }
    }
    return ranges.indices.map { SHA256Digest(unchecked: Array(digests[32 * $0..<32 * $0 + 32])) }
  }

  private static func hash(_ ranges: [Range<Int>], of bytes: RawSpan, into digests: inout [UInt8]) -> Bool {
    unsafe bytes.withUnsafeBytes { all in
      let starts = unsafe ranges.map { range in
        unsafe UnsafeRawBufferPointer(rebasing: all[range]).baseAddress?.assumingMemoryBound(to: UInt8.self)
      }
      return unsafe decant_sha256_many(starts, ranges.map(\.count), ranges.count, &digests) != 0
    }
  }
}

/// Computes SHA-1, which ONNX uses for the checksum of external data.
public enum SHA1 {
  /// The digest of `bytes` as 40 lower-case hexadecimal digits.
  public static func hex(of bytes: RawSpan) -> String {
    let hash = unsafe Hash(EVP_sha1())
    hash.update(bytes)
    return hexadecimal(hash.finish())
  }
}

/// A running digest of libcrypto.
@safe private final class Hash {
  private let context: OpaquePointer

  init(_ algorithm: OpaquePointer?) {
    guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, algorithm, nil) == 1 else {
      preconditionFailure("libcrypto lacks a digest that every build of it has")
    }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  func update(_ bytes: RawSpan) {
    let status = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(status == 1, "libcrypto fails to hash")
  }

  func finish() -> [UInt8] {
    let size = Int(unsafe EVP_MD_get_size(EVP_MD_CTX_get0_md(context)))
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      precondition(unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1, "libcrypto fails to hash")
      count = size
    }
  }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

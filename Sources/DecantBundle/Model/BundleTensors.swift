internal import DecantBytes

/// The tensors of a bundle by what identifies them in its graph.
struct BundleTensors {
  /// The identities and their entries, in the order of the bundle.
  let all: [(digest: [UInt8], entry: BundleEntry)]
  private let places: [[UInt8]: Int]

  init(_ entries: [BundleEntry]) {
    let tensors = entries.filter { if case .tensor = $0.kind { true } else { false } }
    let digests = tensors.map(\.identity)
    all = zip(digests, tensors).map { (digest: $0, entry: $1) }
    places = Dictionary(zip(digests, digests.indices), uniquingKeysWith: { first, _ in first })
  }

  /// The entry that `digest` names; nil when there is none.
  func entry(_ digest: [UInt8]) -> BundleEntry? { places[digest].map { all[$0].entry } }
}

extension BundleEntry {
  /// SHA-256 of the digests of its chunks, one after the other.
  var identity: [UInt8] {
    var hash = SHA256()
    for chunk in chunks { hash.update(ByteSlice(copying: chunk.digest.bytes)) }
    return hash.finish().bytes
  }

  /// Whether it is a graph.
  var isGraph: Bool { if case .graph = kind { true } else { false } }
}

package import DecantBytes
public import DecantIR

/// One thing in a bundle: the graph, a tensor, or a file.
public struct BundleEntry: Sendable, Hashable {
  /// What an entry is.
  public enum Kind: Sendable, Hashable {
    /// The model without its large tensors, in `format`.
    case graph(format: String)
    /// A tensor of the model.
    case tensor(DataType, shape: [Int])
    /// A file beside the model, named by a relative path.
    case file

    /// The number in the manifest.
    var number: Int32 {
      switch self {
      case .graph: 1
      case .tensor: 2
      case .file: 3
      }
    }
  }

  /// What it is.
  public let kind: Kind
  /// The tensor's name, the file's path, or `graph`.
  public let name: String
  /// How many plain bytes it has.
  public let size: Int
  /// The pieces that it is stored in.
  package internal(set) var chunks: [BundleChunk]

  /// How many bytes it takes in the bundle.
  public var storedSize: Int { chunks.reduce(0) { $0 + $1.stored.count } }

  /// Adds a piece at the end.
  mutating func append(_ chunk: BundleChunk) { chunks.append(chunk) }
}

/// A piece of an entry.
package struct BundleChunk: Sendable, Hashable {
  /// How it is stored.
  package let codec: ChunkCodec
  /// How many plain bytes it has.
  package let size: Int
  /// Where it is in the file.
  package let stored: Range<Int>
  /// SHA-256 of its bytes in the file.
  package let digest: SHA256Digest
  /// The sizes of its frames in the file; empty for the codecs that have one or none.
  package let frames: [Int]
}

/// What a bundle holds.
package struct BundleManifest: Sendable, Hashable {
  /// The entries in the order of their chunks.
  package var entries: [BundleEntry] = []
  /// What compressed the chunks.
  package var compressor = ""
}

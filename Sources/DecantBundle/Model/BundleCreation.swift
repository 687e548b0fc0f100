public import DecantBytes
public import DecantIR

/// A file that goes into a bundle beside the model.
public struct BundledFile: Sendable {
  /// Its path below the folder that it is extracted to.
  public var name: String
  /// Its content.
  public var bytes: ByteSlice

  /// A file of that name and content.
  public init(name: String, bytes: ByteSlice) {
    self.name = name
    self.bytes = bytes
  }

  /// The file at `path`, under the last part of it.
  public init(_ path: String) throws(DecantError) {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    self.init(name: name, bytes: try MappedFile.open(path).bytes)
  }
}

extension Bundle {
  /// Writes `model` and `files` as a bundle to `path`, which appears whole or not at all; returns its digest.
  ///
  /// The same input gives the same bytes. Equal tensors are stored once.
  ///
  /// - Throws: `cannotCreate` when `path` exists and `replacing` is false; `unsupported` when data of the model is absent;
  ///   `refused` for a file whose name could leave its folder.
  @discardableResult public static func create(
    _ model: Model, files: [BundledFile] = [], at path: String, replacing: Bool = false
  ) throws(DecantError) -> SHA256Digest {
    let writer = try BundleWriter(path, replacing: replacing)
    var skeleton = model
    var stored: [Tensor: Int] = [:]
    var names = UniqueNames()
    try skeleton.replaceTensors { (tensor, name) throws(DecantError) in
      guard tensor.isStoredApart, let bytes = tensor.bytes else {
        if case .absent = tensor.storage {
          throw DecantError(
            .unsupported, "the data of '\(name.escaped)' is absent", note: "give the weights of the text form")
        }
        return nil
      }
      guard stored[tensor] == nil else { return nil }
      stored[tensor] = writer.entries.count
      try writer.add(
        .tensor(tensor.dataType, shape: tensor.shape), name: names.unique(name), bytes: bytes,
        as: tensor.dataType.chunkContent)
      return nil
    }
    try writer.flush()
    let identities = writer.entries.map(\.identity)
    try skeleton.replaceTensors { (tensor, _) throws(DecantError) in
      guard tensor.isStoredApart, let place = stored[tensor] else { return nil }
      let data = AbsentData(digest: identities[place], byteCount: tensor.byteCount)
      return Tensor(tensor.dataType, shape: tensor.shape, absent: data)
    }
    let text = try TextForm.print(skeleton, TextForm.Options(inlineLimit: .max))
    try writer.add(.graph(format: graphFormat), name: "graph", bytes: ByteSlice(copying: text.utf8), as: .general)
    for file in files { try writer.add(.file, name: file.name, bytes: file.bytes, as: .general) }
    return try writer.commit()
  }
}

/// Makes names unique by adding `#2`, `#3`, ….
private struct UniqueNames {
  private var known: Set<[UInt8]> = []

  mutating func unique(_ name: String) -> String {
    var (candidate, number) = (name, 1)
    while !known.insert(Array(candidate.utf8)).inserted {
      number += 1
      candidate = "\(name)#\(number)"
    }
    return candidate
  }
}

extension Tensor {
  /// Whether it is an entry of its own rather than written out in the graph.
  fileprivate var isStoredApart: Bool { byteCount > 64 && bytes != nil }
}

extension DataType {
  /// How its elements are best compressed.
  package var chunkContent: ChunkContent {
    switch bitWidth {
    case 2, 4, 8: .numbers(width: 1)
    case 16: .numbers(width: 2)
    case 32: .numbers(width: 4)
    default: self == .complex64 ? .numbers(width: 4) : .general
    }
  }
}

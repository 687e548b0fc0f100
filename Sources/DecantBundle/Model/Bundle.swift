public import DecantBytes
public import DecantIR

/// A model and the files it is deployed with, compressed, in one file whose every byte is checked.
///
/// Opening one reads the manifest only; tensors and files are read when asked for.
public struct Bundle: Sendable {
  private let reader: BundleReader
  private let path: String

  /// The format of the graph: the text form of the IR, whose large tensors are named by the digests of their entries.
  static let graphFormat = "decant-text"

  /// Whether `bytes` begin as a bundle does.
  public static func matches(_ bytes: ByteSlice) -> Bool {
    bytes.count >= BundleLayout.magic.count
      && bytes[0..<BundleLayout.magic.count] == ByteSlice(copying: BundleLayout.magic)
  }

  /// Opens the bundle at `path`.
  ///
  /// - Throws: `unreadable`; `malformed` for a bundle whose layout or manifest is not right; `unsupported` for a later version;
  ///   `refused` when it holds a file whose path leaves its folder.
  public static func open(_ path: String, budget: Budget = Budget()) throws(DecantError) -> Bundle {
    Bundle(reader: try BundleReader(path, budget: budget), path: path)
  }

  /// What it holds: the graph, the tensors, the files.
  public var entries: [BundleEntry] { reader.manifest.entries }

  /// SHA-256 of the manifest, which names the digests of everything else: two bundles with one digest are the same.
  public var digest: SHA256Digest { reader.digest }

  /// The size of the file in bytes.
  public var size: Int { reader.size }

  /// What compressed it, as in `zstd 1.5.4`.
  public var compressor: String { reader.manifest.compressor }

  /// The model, to the bit as it was when the bundle was made.
  public func model() throws(DecantError) -> Model {
    var model = try skeleton()
    let tensors = BundleTensors(entries)
    var wanted: [BundleEntry] = []
    var places: [[UInt8]: Int] = [:]
    try model.replaceTensors { (tensor, name) throws(DecantError) in
      guard case .absent(let data) = tensor.storage, places[data.digest] == nil else { return nil }
      guard let entry = tensors.entry(data.digest) else { throw missing(name) }
      places[data.digest] = wanted.count
      wanted.append(entry)
      return nil
    }
    let bytes = try reader.read(wanted)
    try model.replaceTensors { (tensor, name) throws(DecantError) in
      guard case .absent(let data) = tensor.storage else { return nil }
      guard let place = places[data.digest] else { throw missing(name) }
      return try make(tensor.dataType, tensor.shape, bytes[place], name)
    }
    return model
  }

  /// The tensor called `name`; nil when there is none. Nothing else is read.
  public func tensor(named name: String) throws(DecantError) -> Tensor? {
    for entry in entries where entry.name == name {
      guard case .tensor(let type, let shape) = entry.kind else { continue }
      return try make(type, shape, try reader.read(entry), name)
    }
    return nil
  }

  /// The bytes of the file at `name`; nil when there is none.
  public func file(named name: String) throws(DecantError) -> ByteSlice? {
    guard let entry = entries.first(where: { $0.kind == .file && $0.name == name }) else { return nil }
    return try reader.read(entry)
  }

  /// Checks everything: that each chunk matches its digest and can be restored, and that the model is whole.
  public func verify() throws(DecantError) {
    try reader.verify()
    guard entries.contains(where: { $0.isGraph }) else { return }
    let tensors = BundleTensors(entries)
    var model = try skeleton()
    var read: Set<[UInt8]> = []
    try model.replaceTensors { (tensor, name) throws(DecantError) in
      guard case .absent(let data) = tensor.storage else { return nil }
      guard let entry = tensors.entry(data.digest) else { throw missing(name) }
      guard entry.size == data.byteCount else {
        throw DecantError(
          .malformed, "tensor '\(name.escaped)': expected \(data.byteCount) bytes, got \(entry.size)", at: [path])
      }
      read.insert(data.digest)
      return nil
    }
    for (digest, entry) in tensors.all where !read.contains(digest) {
      throw DecantError(.malformed, "the graph does not use tensor '\(entry.name.escaped)'", at: [path])
    }
  }

  /// Writes the files into `folder`, which is made when it is missing; all of them appear or none.
  ///
  /// - Throws: `refused` when a symbolic link stands in the way; `cannotCreate` when a file exists and `replacing` is false.
  public func extractFiles(to folder: String, replacing: Bool = false) throws(DecantError) {
    let folder = try OutputFolder(folder)
    let files = entries.filter { $0.kind == .file }
    var places: [String] = []
    for entry in files { places.append(try folder.place(for: entry.name)) }
    var outputs: [AtomicFile] = []
    for (entry, place) in zip(files, places) {
      let output = try AtomicFile(place, replacing: replacing, expecting: entry.size)
      try reader.forEachChunk(of: [entry]) { (_, bytes) throws(DecantError) in try output.write(bytes) }
      outputs.append(output)
    }
    try AtomicFileSet.commit(outputs)
  }

  /// The model with its large tensors absent.
  private func skeleton() throws(DecantError) -> Model {
    let graphs = entries.filter { $0.isGraph }
    guard let entry = graphs.first, graphs.count == 1, case .graph(let format) = entry.kind else {
      throw DecantError(.malformed, "expected one graph, got \(graphs.count)", at: [path])
    }
    guard format == Bundle.graphFormat else {
      throw DecantError(
        .unsupported, "expected a graph as \(Bundle.graphFormat), got '\(format.escaped)'", at: [path])
    }
    do throws(DecantError) {
      return try TextForm.parse(try reader.read(entry))
    } catch {
      throw error.within("\(path): graph")
    }
  }

  private func make(
    _ type: DataType, _ shape: [Int], _ bytes: ByteSlice, _ name: String
  ) throws(DecantError) -> Tensor {
    do throws(OpError) {
      return try Tensor(type, shape: shape, bytes: bytes)
    } catch {
      throw DecantError(.malformed, "tensor '\(name.escaped)': \(error)", at: [path])
    }
  }

  private func missing(_ name: String) -> DecantError {
    DecantError(.malformed, "the graph needs tensor '\(name.escaped)', which the bundle lacks", at: [path])
  }
}

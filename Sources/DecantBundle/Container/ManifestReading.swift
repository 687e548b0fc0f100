internal import DecantBytes
internal import DecantIR
internal import DecantWire

extension BundleManifest {
  /// Reads the manifest at `range` of a bundle, whose chunks end there, and checks all that it says.
  init(readingFrom file: ByteSlice, at range: Range<Int>, budget: Budget) throws(DecantError) {
    let record: ManifestRecord
    do throws(WireError) {
      let message = WireSource(file[range], budget: budget).message(ManifestRecord.schema)
      record = try message.decoded(as: ManifestRecord.self)
    } catch {
      var moved = error
      moved.offset += range.lowerBound
      throw moved.within("manifest")
    }
    compressor = record.compressor ?? ""
    var names = EntryNames()
    var offset = BundleLayout.headerSize
    for entry in record.entries {
      entries.append(try BundleEntry(entry, offset: &offset, limit: range.lowerBound, names: &names))
    }
    guard offset == range.lowerBound else {
      throw DecantError(
        .malformed, "expected chunks up to byte \(range.lowerBound), got chunks up to byte \(offset)", at: ["manifest"])
    }
  }

  /// The manifest as it stands in the file.
  var record: ManifestRecord {
    var record = ManifestRecord()
    record.compressor = compressor
    record.entries = entries.map(\.record)
    return record
  }
}

extension BundleEntry {
  fileprivate init(
    _ record: EntryRecord, offset: inout Int, limit: Int, names: inout EntryNames
  ) throws(DecantError) {
    let name = record.name ?? ""
    let place = ["manifest", "entry '\(name.escaped)'"]
    func malformed(_ message: String) -> DecantError { DecantError(.malformed, message, at: place) }

    switch record.kind {
    case 1: kind = .graph(format: record.format ?? "")
    case 2:
      guard let type = DataType(name: record.type ?? ""), type != .string else {
        throw malformed("expected an element type, got '\((record.type ?? "").escaped)'")
      }
      kind = .tensor(type, shape: record.shape.map(Int.init))
    case 3: kind = .file
    default: throw malformed("expected a kind in 1...3, got \(record.kind ?? 0)")
    }
    try names.add(name, kind: kind.number, place: place)

    var total = 0
    var chunks: [BundleChunk] = []
    for (index, chunk) in record.chunks.enumerated() {
      do throws(WireError) {
        chunks.append(try BundleChunk(chunk, offset: &offset, limit: limit))
      } catch {
        throw error.within("manifest", "entry '\(name.escaped)'", "chunk \(index)")
      }
      // Chunks have at most 64 MiB, and the file has no more chunks than bytes: the sum cannot overflow in practice.
      let (sum, overflow) = total.addingReportingOverflow(chunks[index].size)
      guard !overflow else { throw malformed("the chunks hold more than 2^63 bytes") }
      total = sum
    }
    guard let size = record.size, size == total else {
      throw malformed("expected \(record.size ?? 0) bytes in the chunks, got \(total)")
    }
    if case .tensor(let type, let shape) = kind {
      guard let needed = try? Tensor.byteCount(type, shape: shape), needed == total else {
        throw malformed("expected the bytes of \(type)\(shape), got \(total)")
      }
    }
    (self.name, self.size, self.chunks) = (name, total, chunks)
  }

  fileprivate var record: EntryRecord {
    var record = EntryRecord()
    record.kind = kind.number
    record.name = name
    record.size = Int64(size)
    switch kind {
    case .graph(let format): record.format = format
    case .tensor(let type, let shape):
      record.type = type.name
      record.shape = shape.map(Int64.init)
    case .file: break
    }
    record.chunks = chunks.map(\.record)
    return record
  }
}

extension BundleChunk {
  /// Checks a chunk that begins at `offset` and moves `offset` to its end, which is at most `limit`.
  fileprivate init(_ record: ChunkRecord, offset: inout Int, limit: Int) throws(WireError) {
    let start = offset
    func malformed(_ message: String) -> WireError { WireError(.malformed, at: start, message) }

    guard let codec = ChunkCodec(number: record.codec ?? 0) else {
      throw WireError(.unsupported, at: start, "expected a codec in 0...4, got \(record.codec ?? 0)")
    }
    guard let size = record.size, size > 0, size <= BundleLayout.chunkLimit else {
      throw malformed("expected a size in 1...\(BundleLayout.chunkLimit), got \(record.size ?? 0)")
    }
    guard let stored = record.stored, stored > 0, stored <= limit - start else {
      throw malformed("expected a stored size in 1...\(limit - start), got \(record.stored ?? 0)")
    }
    guard let bytes = record.digest, let digest = unsafe SHA256Digest(bytes.bytes.withUnsafeBytes { unsafe Array($0) })
    else { throw malformed("expected a digest of 32 bytes, got \(record.digest?.count ?? 0)") }
    let frames = try BundleChunk.frames(record.frames, codec: codec, size: Int(size), stored: Int(stored), at: start)
    offset = start + Int(stored)
    self.init(codec: codec, size: Int(size), stored: start..<offset, digest: digest, frames: frames)
  }

  private static func frames(
    _ frames: [Int64], codec: ChunkCodec, size: Int, stored: Int, at offset: Int
  ) throws(WireError) -> [Int] {
    func malformed(_ message: String) -> WireError { WireError(.malformed, at: offset, message) }
    guard case .planes(let width) = codec else {
      guard frames.isEmpty else { throw malformed("expected no list of frames, got \(frames.count)") }
      if codec == .stored, stored != size { throw malformed("expected \(size) stored bytes, got \(stored)") }
      // A block of zstd holds at most 128 KiB and takes at least 4 bytes.
      if codec == .zstd, size / 32768 > stored { throw malformed("\(stored) bytes cannot hold \(size)") }
      return []
    }
    guard size % width == 0 else { throw malformed("expected elements of \(width) bytes, got \(size) bytes") }
    let sizes = codec.frameSizes(ofChunk: size)
    guard frames.count == sizes.count else { throw malformed("expected \(sizes.count) frames, got \(frames.count)") }
    var total = 0
    for (frame, plain) in zip(frames, sizes) {
      guard frame > 0, frame <= plain else { throw malformed("expected a frame of 1...\(plain) bytes, got \(frame)") }
      total += Int(frame)
    }
    guard total == stored else { throw malformed("expected \(stored) bytes in the frames, got \(total)") }
    return frames.map(Int.init)
  }

  fileprivate var record: ChunkRecord {
    var record = ChunkRecord()
    record.codec = codec.number
    record.size = Int64(size)
    record.stored = Int64(stored.count)
    record.digest = ByteSlice(copying: digest.bytes)
    record.frames = frames.map(Int64.init)
    return record
  }
}

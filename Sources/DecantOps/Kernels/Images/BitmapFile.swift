internal import DecantIR

/// A Windows bitmap: plain or run-length encoded, by palette or by masks.
struct BitmapFile {
  private let file: EncodedImage
  private let width: Int
  private let height: Int
  private let isFromTop: Bool
  private let bits: Int
  private let compression: Int
  private let palette: [(UInt8, UInt8, UInt8)]
  private let masks: [Int]
  /// Where the pixels begin.
  private let start: Int

  private static let (plain, runs8, runs4, bitFields) = (0, 1, 2, 3)

  /// The header; nil when it is none.
  init?(_ file: EncodedImage) {
    guard let start = file.number(at: 10, 4), let size = file.number(at: 14, 4), size == 12 || size >= 40 else {
      return nil
    }
    let isCore = size == 12
    guard let width = isCore ? file.number(at: 18, 2) : file.signed(at: 18),
      let height = isCore ? file.number(at: 20, 2) : file.signed(at: 22),
      let bits = file.number(at: isCore ? 24 : 28, 2), let compression = isCore ? 0 : file.number(at: 30, 4),
      width > 0, height != 0, [1, 4, 8, 16, 24, 32].contains(bits)
    else { return nil }
    (self.file, self.width, self.height, isFromTop) = (file, width, abs(height), height < 0)
    (self.bits, self.compression, self.start) = (bits, compression, start)
    var (palette, masks): ([(UInt8, UInt8, UInt8)], [Int]) = ([], [])
    if bits <= 8 {
      let used = isCore ? 0 : file.number(at: 46, 4) ?? 0
      let (first, entry) = (14 + size, isCore ? 3 : 4)
      for index in 0..<min(used == 0 ? 1 << bits : used, 1 << bits) {
        guard first + index * entry + 3 <= file.bytes.count else { return nil }
        let color = file.bytes[(first + index * entry)...]
        palette.append((color[color.startIndex + 2], color[color.startIndex + 1], color[color.startIndex]))
      }
    } else if compression == BitmapFile.bitFields {
      masks = (0..<3).compactMap { file.number(at: 54 + 4 * $0, 4) }
      guard masks.count == 3 else { return nil }
    } else {
      masks = bits == 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]
    }
    (self.palette, self.masks) = (palette, masks)
  }

  /// The pixels; nil when some are missing.
  func decoded(_ context: EvaluationContext) throws(OpError) -> RasterImage? {
    try context.checkSize(.uint8, shape: [height, width, 4])
    switch (compression, bits) {
    case (BitmapFile.runs8, 8), (BitmapFile.runs4, 4):
      return BitmapRuns(file.bytes, from: start, isNarrow: bits == 4).indices(width, height).flatMap(byPalette)
    case (BitmapFile.plain, _), (BitmapFile.bitFields, 16), (BitmapFile.bitFields, 32): break
    default: return nil
    }
    // Rows end at multiples of four bytes; the extents are of 32 bits, so nothing here overflows.
    let pitch = (width * bits + 31) / 32 * 4
    guard start <= file.bytes.count, pitch * height <= file.bytes.count - start else { return nil }
    if bits > 8 { return byMasks(pitch) }
    let perByte = 8 / bits
    return byPalette(
      (0..<width * height).map { place in
        let column = place % width
        let byte = file.bytes[start + place / width * pitch + column / perByte]
        return byte >> (8 - bits * (column % perByte + 1)) & UInt8((1 << bits) - 1)
      })
  }

  /// Row `row` of the file, counted from the top.
  private func place(_ row: Int) -> Int { isFromTop ? row : height - 1 - row }

  private func byPalette(_ indices: [UInt8]) -> RasterImage? {
    var image = RasterImage(width: width, height: height)
    for (position, index) in indices.enumerated() {
      guard Int(index) < palette.count else { return nil }
      let color = palette[Int(index)]
      image.set(position % width, place(position / width), color.0, color.1, color.2)
    }
    return image
  }

  private func byMasks(_ pitch: Int) -> RasterImage? {
    var image = RasterImage(width: width, height: height)
    for row in 0..<height {
      for column in 0..<width {
        let pixel = file.number(at: start + row * pitch + column * bits / 8, bits / 8) ?? 0
        image.set(
          column, place(row), channel(pixel, masks[0]), channel(pixel, masks[1]), channel(pixel, masks[2]))
      }
    }
    return image
  }

  private func channel(_ pixel: Int, _ mask: Int) -> UInt8 {
    guard mask != 0 else { return 0 }
    let shift = mask.trailingZeroBitCount
    return UInt8((pixel & mask) >> shift * 255 / (mask >> shift))
  }
}

extension EncodedImage {
  /// The little-endian signed number of 4 bytes at `offset`; nil past the end.
  fileprivate func signed(at offset: Int) -> Int? {
    number(at: offset, 4).map { Int(Int32(truncatingIfNeeded: $0)) }
  }
}

/// Indices into a palette, run by run.
struct BitmapRuns {
  private let bytes: [UInt8]
  private var position: Int
  private let isNarrow: Bool

  /// For runs that begin at `start`; narrow ones hold two indices in a byte.
  init(_ bytes: [UInt8], from start: Int, isNarrow: Bool) {
    (self.bytes, position, self.isNarrow) = (bytes, start, isNarrow)
  }

  private mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  /// The indices, 0 where the runs leave gaps; nil when they break off.
  consuming func indices(_ width: Int, _ height: Int) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: width * height)
    var (x, y) = (0, 0)
    while y < height {
      guard let count = next(), let code = next() else { return nil }
      switch (count, code) {
      case (0, 0): (x, y) = (0, y + 1)
      case (0, 1): return result
      case (0, 2):
        guard let right = next(), let up = next() else { return nil }
        (x, y) = (x + Int(right), y + Int(up))
      case (0, _):
        for index in 0..<Int(code) {
          if !isNarrow || index % 2 == 0 { guard next() != nil else { return nil } }
          put(nibble(bytes[position - 1], index), &x, y, width, &result)
        }
        // Literal pixels end at an even byte.
        let used = isNarrow ? (Int(code) + 1) / 2 : Int(code)
        if used % 2 == 1 { guard next() != nil else { return nil } }
      default:
        for index in 0..<Int(count) { put(nibble(code, index), &x, y, width, &result) }
      }
    }
    return result
  }

  private func nibble(_ byte: UInt8, _ index: Int) -> UInt8 {
    !isNarrow ? byte : index % 2 == 0 ? byte >> 4 : byte & 15
  }

  private func put(_ index: UInt8, _ x: inout Int, _ y: Int, _ width: Int, _ result: inout [UInt8]) {
    guard x < width else { return }
    result[y * width + x] = index
    x += 1
  }
}

internal import DecantIR

/// A portable bitmap, graymap or pixmap, in digits (P1 to P3) or in bytes (P4 to P6).
struct PortableMap {
  private let bytes: [UInt8]
  private var position = 2
  private let kind: UInt8
  private var width = 0
  private var height = 0
  private var largest = 1

  /// The header; nil when it is none.
  init?(_ file: EncodedImage) {
    bytes = file.bytes
    kind = bytes[1] - 0x30
    guard let width = number(), let height = number(), width > 0, height > 0 else { return nil }
    (self.width, self.height) = (width, height)
    if !isBitmap {
      guard let largest = number(), (1...65535).contains(largest) else { return nil }
      self.largest = largest
    }
    // One space ends the header; comments after it are pixels.
    if kind >= 4 { position += 1 }
  }

  private var isBitmap: Bool { kind == 1 || kind == 4 }
  private var channels: Int { kind == 3 || kind == 6 ? 3 : 1 }

  /// The pixels; nil when some are missing, or beyond the largest value.
  consuming func decoded(_ context: EvaluationContext) throws(OpError) -> RasterImage? {
    try context.checkSize(.uint8, shape: [height, width, 4])
    // Each sample takes a bit or more of the file: a small file makes no large image.
    guard width * height / 8 <= bytes.count else { return nil }
    var image = RasterImage(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        guard let first = sample(x, y) else { return nil }
        guard channels == 3 else {
          image.set(x, y, first, first, first)
          continue
        }
        guard let second = sample(x, y), let third = sample(x, y) else { return nil }
        image.set(x, y, first, second, third)
      }
    }
    return image
  }

  private mutating func sample(_ x: Int, _ y: Int) -> UInt8? {
    switch kind {
    case 1:
      // Digits of bitmaps need no space between them.
      guard skipSpace(), bytes[position] == 0x30 || bytes[position] == 0x31 else { return nil }
      position += 1
      return bytes[position - 1] == 0x30 ? 255 : 0
    case 4:
      let place = position + y * ((width + 7) / 8) + x / 8
      guard place < bytes.count else { return nil }
      return bytes[place] >> (7 - x % 8) & 1 == 0 ? 255 : 0
    case 2, 3: return number().flatMap(scaled)
    default:
      let size = largest > 255 ? 2 : 1
      guard position <= bytes.count - size else { return nil }
      defer { position += size }
      let high = Int(bytes[position])
      return scaled(size == 1 ? high : high << 8 | Int(bytes[position + 1]))
    }
  }

  private func scaled(_ value: Int) -> UInt8? {
    guard value <= largest else { return nil }
    return UInt8((Double(value) / Double(largest) * 255).rounded(.toNearestOrEven))
  }

  /// Passes over space and comments; whether something is left.
  private mutating func skipSpace() -> Bool {
    while position < bytes.count {
      switch bytes[position] {
      case 0x23:
        while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
      case 9...13, 0x20: position += 1
      default: return true
      }
    }
    return false
  }

  /// The next number in digits, of at most nine.
  private mutating func number() -> Int? {
    guard skipSpace() else { return nil }
    var (value, digits) = (0, 0)
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      value = 10 * value + Int(bytes[position] - 0x30)
      (position, digits) = (position + 1, digits + 1)
      guard digits <= 9 else { return nil }
    }
    return digits > 0 ? value : nil
  }
}

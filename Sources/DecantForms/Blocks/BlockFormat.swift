public import DecantIR

/// How a matrix of weights is cut into blocks of codes: runs of inputs of one output that share a scale and a zero point.
///
/// `value = (code − zeroPoint) · scale` with codes from 0 to `levels - 1`; symmetric blocks have the middle level as zero point.
public struct BlockFormat: Sendable, Hashable {
  /// How many bits tell the levels apart: 2, 3, 4 or 8.
  public let bits: Int
  /// How many inputs share a scale: a power of two from 16 on.
  public let blockSize: Int
  /// Whether all blocks have the middle level as zero point.
  public let isSymmetric: Bool

  /// From its parts.
  ///
  /// - Throws: ``OpError`` for numbers that no file form has.
  public init(bits: Int, blockSize: Int, isSymmetric: Bool) throws(OpError) {
    guard [2, 3, 4, 8].contains(bits) else { throw OpError("expected 2, 3, 4 or 8 bits, got \(bits)") }
    guard blockSize >= 16, blockSize <= 1 << 20, blockSize & (blockSize - 1) == 0 else {
      throw OpError("expected blocks of a power of two from 16 on, got \(blockSize)")
    }
    self.bits = bits
    self.blockSize = blockSize
    self.isSymmetric = isSymmetric
  }

  /// How many codes there are.
  public var levels: Int { 1 << bits }

  /// How many bits a code takes in a file: codes of 3 bits are stored in 4.
  public var storedBits: Int { bits == 3 ? 4 : bits }

  /// How many blocks cover `inputs`.
  public func blocks(_ inputs: Int) -> Int { (inputs + blockSize - 1) / blockSize }
}

internal import DecantBytes
internal import DecantForms
internal import DecantIR
internal import DecantRuntime

/// A weight as codes of a ``Codebook``, in blocks over all of its outputs one after another.
struct CodebookWeight {
  /// Two codes to a byte, the first in the high half.
  let codes: Tensor
  /// The largest magnitude of each block, in the type of the weight.
  let magnitudes: Tensor

  /// How many blocks are rounded at a time.
  private static let band = 1024
  /// How many outputs are rounded at a time where errors are spread.
  private static let rows = 64

  /// Codes `weight`, by rounding or with errors spread as `products` of its inputs tell.
  ///
  /// - Throws: ``OpError`` for products that have no inverse.
  init(
    _ weight: WeightMatrix, _ codebook: Codebook, blockSize: Int, type: DataType, products: InputProducts?, threads: Int
  ) throws(OpError) {
    let values = weight.panel(0..<weight.rows).values
    let magnitudes = stride(from: 0, to: values.count, by: blockSize).map { start in
      values[start..<min(start + blockSize, values.count)].reduce(0) { max($0, abs($1)) }
    }
    let bands: [[UInt8]]
    if let products {
      let propagation = try CodebookPropagation(products, codebook, blockSize: blockSize)
      let rows = CodebookWeight.rows
      bands = Parallel.map(count: (weight.rows + rows - 1) / rows, threads: threads) { band in
        let range = band * rows..<min((band + 1) * rows, weight.rows)
        return propagation.code(weight.panel(range), first: range.lowerBound, magnitudes: magnitudes)
      }
    } else {
      let band = CodebookWeight.band * blockSize
      bands = Parallel.map(count: (values.count + band - 1) / band, threads: threads) { index in
        (index * band..<min((index + 1) * band, values.count)).map { place in
          let magnitude = magnitudes[place / blockSize]
          // As ONNX Runtime has it: times the reciprocal.
          return codebook.code(of: magnitude == 0 ? 0 : values[place] * (1 / magnitude))
        }
      }
    }
    let bytes = CodebookWeight.pack(bands.flatMap { $0 }, filler: codebook.code(of: 0))
    codes = Tensor(bytes, shape: [bytes.count])
    self.magnitudes = Tensor(floats: magnitudes, shape: [magnitudes.count], as: type)
  }

  /// Two codes to a byte, the first in the high half.
  private static func pack(_ codes: [UInt8], filler: UInt8) -> [UInt8] {
    stride(from: 0, to: codes.count, by: 2).map { index in
      codes[index] << 4 | (index + 1 < codes.count ? codes[index + 1] : filler)
    }
  }
}

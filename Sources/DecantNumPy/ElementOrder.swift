internal import DecantBytes

/// Brings elements of any width into little-endian row-major order.
enum ElementOrder {
  /// The elements with the bytes of each reversed.
  static func swapped(_ bytes: ByteSlice, width: Int) -> ByteSlice {
    ByteSlice(count: bytes.count) { target in
      let source = bytes.bytes
      for start in stride(from: 0, to: source.byteCount, by: width) {
        for index in 0..<width {
          let byte = unsafe source.unsafeLoad(fromByteOffset: start + index, as: UInt8.self)
          target.storeBytes(of: byte, toByteOffset: start + width - 1 - index, as: UInt8.self)
        }
      }
    }
  }

  /// The elements of a tensor whose first axis varies fastest, with the last one fastest. The bytes fill `shape`.
  static func rowMajor(_ bytes: ByteSlice, shape: [Int], width: Int) -> ByteSlice {
    var strides: [Int] = []
    var stride = 1
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    return ByteSlice(count: bytes.count) { target in
      let source = bytes.bytes
      var index = [Int](repeating: 0, count: shape.count)
      var place = 0
      for element in 0..<bytes.count / width {
        for byte in 0..<width {
          let value = unsafe source.unsafeLoad(fromByteOffset: place * width + byte, as: UInt8.self)
          target.storeBytes(of: value, toByteOffset: element * width + byte, as: UInt8.self)
        }
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          place += strides[axis]
          if index[axis] < shape[axis] { break }
          place -= strides[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
  }
}

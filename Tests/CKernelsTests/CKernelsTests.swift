import CKernels
import Testing

/// Values of every kind, and enough of them for each loop's vector body and tail.
private func samples(_ count: Int, seed: UInt64 = 1) -> [Float] {
  var state = seed
  func next() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 32)
  }
  let special: [Float] = [
    0, -0.0, 1, -1, .infinity, -.infinity, .nan, .signalingNaN, .leastNonzeroMagnitude, -.leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.5, 1.5, 2.5, -0.5, -1.5, 65504, 65519.996, 65520, 6.0e-8,
    2.98e-8, 2.9802322e-8, 6.1e-5, 6.1035156e-5,
  ]
  return (0..<count).map { index in
    switch index % 4 {
    case 0 where index / 4 < special.count: special[index / 4]
    case 1: Float(bitPattern: next())
    case 2: Float(Int32(bitPattern: next()) % 2000) / 8
    default: Float(Int32(bitPattern: next())) / Float(Int32.max)
    }
  }
}

private let counts = [0, 1, 3, 15, 16, 63, 64, 65, 1000, 4099]

@Suite struct BytePlaneTests {
  @Test(arguments: counts) func planesOfFour(_ count: Int) {
    let values = samples(count).map(\.bitPattern)
    var planes = [UInt8](repeating: 0, count: count * 4)
    unsafe decant_split_planes_4(values, count, &planes)
    let rotated = values.map { $0 << 1 | $0 >> 31 }
    #expect(planes == (0..<4).flatMap { byte in rotated.map { UInt8(truncatingIfNeeded: $0 >> (8 * byte)) } })
    var back = [UInt32](repeating: 0, count: count)
    unsafe planes.withUnsafeBufferPointer { all in
      guard let first = all.baseAddress else { return }
      unsafe decant_merge_planes_4(first, first + count, first + 2 * count, first + 3 * count, count, &back)
    }
    #expect(back == values)
  }

  @Test(arguments: counts) func planesOfTwo(_ count: Int) {
    let values = samples(count).map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
    var planes = [UInt8](repeating: 0, count: count * 2)
    unsafe decant_split_planes_2(values, count, &planes)
    let rotated = values.map { $0 << 1 | $0 >> 15 }
    #expect(planes == (0..<2).flatMap { byte in rotated.map { UInt8(truncatingIfNeeded: $0 >> (8 * byte)) } })
    var back = [UInt16](repeating: 0, count: count)
    unsafe planes.withUnsafeBufferPointer { all in
      guard let first = all.baseAddress else { return }
      unsafe decant_merge_planes_2(first, first + count, count, &back)
    }
    #expect(back == values)
  }
}

@Suite struct StatisticsTests {
  @Test(arguments: counts) func range(_ count: Int) {
    let values = samples(count)
    let range = unsafe decant_range_f32(values, count)
    let finite = values.filter(\.isFinite)
    #expect(range.min == finite.min() ?? .infinity)
    #expect(range.max == finite.max() ?? -.infinity)
    #expect(range.nans == UInt64(values.count(where: \.isNaN)))
    #expect(range.positive_infinities == UInt64(values.count { $0 == .infinity }))
    #expect(range.negative_infinities == UInt64(values.count { $0 == -.infinity }))
  }

  @Test(arguments: counts, [1, 7, 2048]) func histogram(_ count: Int, _ bins: Int) {
    let values = samples(count)
    for (low, high) in [(-1.0, 1.0), (-120.25, 33.0), (0.0, 1e30)] {
      var expected = [UInt64](repeating: 0, count: bins)
      var expectedAbsolute = expected
      for value in values.map(Double.init) {
        let place = { (v: Double, from: Double) in min(Int((v - from) * (Double(bins) / (high - from))), bins - 1) }
        if value >= low && value <= high { expected[place(value, low)] += 1 }
        if abs(value) <= high { expectedAbsolute[place(abs(value), 0)] += 1 }
      }
      var counters = [UInt64](repeating: 0, count: bins)
      #expect(unsafe decant_histogram_f32(values, count, low, high, &counters, bins) == expected.reduce(0, +))
      #expect(counters == expected)
      counters = [UInt64](repeating: 0, count: bins)
      _ = unsafe decant_histogram_abs_f32(values, count, high, &counters, bins)
      #expect(counters == expectedAbsolute)
    }
  }

  @Test func histogramOfNothing() {
    var counters: [UInt64] = [0]
    for (low, high) in [(0.0, 0.0), (1.0, 0.0), (.nan, 1.0), (0.0, .infinity)] {
      #expect(unsafe decant_histogram_f32([0, 1], 2, low, high, &counters, 1) == 0)
    }
    #expect(counters == [0])
  }
}

@Suite struct QuantizeTests {
  /// The definition, one value at a time.
  static func code(_ value: Float, _ scale: Float, _ zeroPoint: Int32, _ codes: ClosedRange<Int32>) -> Int32 {
    let rounded = (value / scale).rounded(.toNearestOrEven)
    guard !rounded.isNaN else { return codes.lowerBound }
    let clipped = min(max(rounded, Float(codes.lowerBound - zeroPoint)), Float(codes.upperBound - zeroPoint))
    return Int32(clipped) + zeroPoint
  }

  @Test(arguments: counts, [0.125, 0.3, 1e-3, 1e-38] as [Float]) func codes(_ count: Int, _ scale: Float) {
    let values = samples(count)
    for zeroPoint in [0, -128, 127, 5] as [Int32] {
      var codes = [Int8](repeating: 0, count: count)
      unsafe decant_quantize_i8(values, count, scale, zeroPoint, &codes)
      #expect(codes == values.map { Int8(QuantizeTests.code($0, scale, zeroPoint, -128...127)) })
      var back = [Float](repeating: 0, count: count)
      unsafe decant_dequantize_i8(codes, count, scale, zeroPoint, &back)
      #expect(back == codes.map { Float(Int32($0) - zeroPoint) * scale })
    }
    for zeroPoint in [0, 128, 255, 5] as [Int32] {
      var codes = [UInt8](repeating: 0, count: count)
      unsafe decant_quantize_u8(values, count, scale, zeroPoint, &codes)
      #expect(codes == values.map { UInt8(QuantizeTests.code($0, scale, zeroPoint, 0...255)) })
      var back = [Float](repeating: 0, count: count)
      unsafe decant_dequantize_u8(codes, count, scale, zeroPoint, &back)
      #expect(back == codes.map { Float(Int32($0) - zeroPoint) * scale })
    }
  }
}

@Suite struct SmallFloatTests {
  @Test func narrowsToHalf() {
    let values = samples(200_000)
    var halves = [UInt16](repeating: 0, count: values.count)
    unsafe decant_f32_to_f16(values, values.count, &halves)
    let wrong = zip(values, halves).filter { value, half in
      value.isNaN ? half & 0x7C00 != 0x7C00 || half & 0x200 == 0 : half != Float16(value).bitPattern
    }
    #expect(wrong.isEmpty)
  }

  @Test func widensEveryHalf() {
    let halves = (0...UInt16.max).map { $0 }
    var values = [Float](repeating: 0, count: halves.count)
    unsafe decant_f16_to_f32(halves, halves.count, &values)
    let wrong = zip(halves, values).filter { half, value in
      let expected = Float16(bitPattern: half)
      let nan = 0x7F80_0000 | UInt32(half & 0x3FF) << 13 | UInt32(half & 0x8000) << 16
      return value.bitPattern != (expected.isNaN ? nan : Float(expected).bitPattern)
    }
    #expect(wrong.isEmpty)
  }

  @Test func brainFloats() {
    let values = samples(200_000)
    var halves = [UInt16](repeating: 0, count: values.count)
    unsafe decant_f32_to_bf16(values, values.count, &halves)
    let wrong = zip(values, halves).filter { value, half in
      let bits = value.bitPattern
      let (high, rest) = (UInt16(bits >> 16), bits & 0xFFFF)
      if value.isNaN { return half != high | 0x40 }
      let up = rest > 0x8000 || (rest == 0x8000 && high & 1 == 1)
      return half != high + (up ? 1 : 0)
    }
    #expect(wrong.isEmpty)
    var back = [Float](repeating: 0, count: values.count)
    unsafe decant_bf16_to_f32(halves, halves.count, &back)
    #expect(zip(back, halves).allSatisfy { $0.bitPattern == UInt32($1) << 16 })
  }
}

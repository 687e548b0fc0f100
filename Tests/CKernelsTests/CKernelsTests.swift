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

  @Test(arguments: counts + [40_000], [-126, -3, 0, 7, 128]) func magnitudes(_ count: Int, _ exponent: Int) {
    let end = Double(sign: .plus, exponent: exponent, significand: 1)
    let values = samples(count).map { value in
      value.isFinite ? Float(Double(value) / Double(Float.greatestFiniteMagnitude) * end * 0.999) : 0
    }
    let bins = 1 << Int(DECANT_MAGNITUDE_BITS)
    var expected = [UInt64](repeating: 0, count: bins)
    for value in values { expected[min(Int(Double(abs(value)) / end * Double(bins)), bins - 1)] += 1 }
    var counters = [UInt64](repeating: 0, count: bins)
    unsafe decant_magnitudes_f32(values, count, Int32(exponent), &counters)
    #expect(counters == expected)
  }

  @Test(arguments: [1, 2, 15, 16, 17, 63, 64, 65, 200, 1000]) func channels(_ inner: Int) {
    let (outer, channels) = (2, 3)
    let values = samples(outer * channels * inner).map { $0.isFinite && abs($0) < 1e6 ? $0 : 1 }
    var low = [Float](repeating: .infinity, count: channels)
    var (high, sums) = (low.map { -$0 }, [Double](repeating: 0, count: channels))
    unsafe decant_channels_f32(values, outer, channels, inner, &low, &high, &sums)
    for channel in 0..<channels {
      let mine = values.indices.filter { $0 / inner % channels == channel }.map { values[$0] }
      #expect(low[channel] == mine.min() && high[channel] == mine.max())
      let sum = mine.reduce(0) { $0 + Double($1) }
      #expect(abs(sums[channel] - sum) <= 1e-5 * mine.reduce(1) { $0 + Double(abs($1)) })
    }
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

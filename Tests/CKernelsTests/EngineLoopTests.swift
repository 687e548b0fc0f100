import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

private func numbers(_ count: Int, seed: UInt32 = 1) -> [Float] {
  var state = seed &* 747_796_405 &+ 1
  return (0..<count).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return Float(state >> 8) / Float(1 << 23) - 1
  }
}

private func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
  zip(a, b).map { abs(Double($0) - $1) }.max() ?? 0
}

@Suite struct EngineNormalizationTests {
  private func expected(_ x: [Double], width: Int, centered: Bool, _ scale: [Float], _ shift: [Float]?) -> [Double] {
    stride(from: 0, to: x.count, by: width).flatMap { start in
      let row = x[start..<start + width]
      let mean = centered ? row.reduce(0, +) / Double(width) : 0
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      return row.enumerated().map { index, value in
        (value - mean) / (variance + 1e-5).squareRoot() * Double(scale[index]) + Double(shift?[index] ?? 0)
      }
    }
  }

  @Test(arguments: [1, 7, 16, 33, 384, 3000], [Float(0), 1000]) func rows(_ width: Int, _ offset: Float) {
    let x = numbers(3 * width).map { $0 + offset }
    let (scale, shift, skip) = (numbers(width, seed: 2), numbers(width, seed: 3), numbers(2 * width, seed: 4))
    for centered in [true, false] {
      var how = unsafe decant_normalization(
        width: width, epsilon: 1e-5, is_centered: centered ? 1 : 0, scale: nil, shift: nil)
      unsafe scale.withUnsafeBufferPointer { first in
        unsafe shift.withUnsafeBufferPointer { second in
          unsafe (how.scale, how.shift) = (first.baseAddress, second.baseAddress)
          var y = [Float](repeating: 0, count: x.count)
          unsafe decant_normalize_rows_f32(&how, x, 3, nil, nil, &y)
          let plain = expected(x.map(Double.init), width: width, centered: centered, scale, shift)
          #expect(largestDifference(y, plain) < 2e-6)
          var sums = y
          unsafe decant_normalize_sums_f32(&how, x, skip, 2, nil, 1, 3, &sums, nil, nil, &y)
          let added = x.indices.map { x[$0] + skip[($0 + width) % (2 * width)] }
          #expect(sums == added)
          let both = expected(added.map(Double.init), width: width, centered: centered, scale, shift)
          #expect(largestDifference(y, both) < 2e-6)
        }
      }
    }
  }

  @Test func groups() {
    let x = numbers(4 * 35)
    let (scale, shift) = (numbers(4, seed: 2), numbers(4, seed: 3))
    var y = x
    unsafe decant_normalize_group_f32(x, 4, 35, 1e-5, scale, shift, &y)
    let expected = expected(
      x.map(Double.init), width: x.count, centered: true, x.indices.map { scale[$0 / 35] },
      x.indices.map { shift[$0 / 35] })
    #expect(largestDifference(y, expected) < 2e-6)
  }

  @Test(arguments: [1, 16, 17, 128, 1000]) func softmax(_ width: Int) {
    let x = numbers(2 * width).map { $0 * 20 }
    var y = x
    unsafe decant_softmax_f32(x, 2, width, &y)
    for row in 0..<2 {
      let own = x[row * width..<(row + 1) * width].map { exp(Double($0)) }
      let sum = own.reduce(0, +)
      #expect(largestDifference(Array(y[row * width..<(row + 1) * width]), own.map { $0 / sum }) < 1e-6)
    }
  }
}

@Suite struct EngineAttentionTests {
  /// Queries, keys, sizes of keys and of values, and whether queries see only what is before them.
  struct Case: Sendable {
    let (queries, keys, size, valueSize): (Int, Int, Int, Int)
    var isCausal = false
    var isMasked = false
  }

  @Test(arguments: [
    Case(queries: 1, keys: 1, size: 1, valueSize: 1), Case(queries: 5, keys: 7, size: 5, valueSize: 9, isMasked: true),
    Case(queries: 16, keys: 16, size: 32, valueSize: 32), Case(queries: 33, keys: 300, size: 12, valueSize: 40),
    Case(queries: 20, keys: 20, size: 8, valueSize: 8, isCausal: true),
    Case(queries: 140, keys: 140, size: 16, valueSize: 16, isCausal: true, isMasked: true),
  ]) func head(_ one: Case) {
    let (q, k, v) = (
      numbers(one.queries * one.size, seed: 1), numbers(one.keys * one.size, seed: 2),
      numbers(one.keys * one.valueSize, seed: 3)
    )
    // The second query sees nothing.
    let mask = numbers(one.queries * one.keys, seed: 4).enumerated().map {
      $0.offset / one.keys == 1 ? -.infinity : $0.element
    }
    var y = [Float](repeating: 7, count: one.queries * one.valueSize)
    let room = decant_attention_scratch(one.keys, one.size, one.valueSize)
    var scratch = [Float](repeating: .nan, count: room)
    unsafe q.withUnsafeBufferPointer { q in
      unsafe k.withUnsafeBufferPointer { k in
        unsafe v.withUnsafeBufferPointer { v in
          unsafe mask.withUnsafeBufferPointer { mask in
            unsafe y.withUnsafeMutableBufferPointer { y in
              var head = unsafe decant_attention(
                queries: one.queries, keys: one.keys, size: one.size, value_size: one.valueSize, q: q.baseAddress,
                k: k.baseAddress, v: v.baseAddress, q_row: one.size, k_row: one.size, k_step: 1,
                v_row: one.valueSize, mask: one.isMasked ? mask.baseAddress : nil, mask_row: one.keys, factor: 0.7,
                is_causal: one.isCausal ? 1 : 0, past: 0, y: y.baseAddress, y_row: one.valueSize)
              unsafe decant_attention_f32(&head, &scratch)
            }
          }
        }
      }
    }
    let expected = plain(one, q, k, v, mask: one.isMasked ? mask : nil)
    #expect(largestDifference(y, expected) < 2e-6)
  }

  /// The same in double precision, one score after another.
  private func plain(_ one: Case, _ q: [Float], _ k: [Float], _ v: [Float], mask: [Float]?) -> [Double] {
    var result: [Double] = []
    for query in 0..<one.queries {
      var weights: [Double] = []
      for key in 0..<one.keys {
        var score = 0.0
        for place in 0..<one.size {
          score += Double(q[query * one.size + place]) * Double(k[key * one.size + place])
        }
        let hidden = Double(mask?[query * one.keys + key] ?? 0)
        weights.append(one.isCausal && key > query ? 0 : exp(score * 0.7 + hidden))
      }
      let sum = weights.reduce(0, +)
      for column in 0..<one.valueSize {
        var total = 0.0
        for key in 0..<one.keys { total += weights[key] * Double(v[key * one.valueSize + column]) }
        result.append(sum == 0 ? 0 : total / sum)
      }
    }
    return result
  }

  @Test func keysMayLieAsColumns() {
    let (q, k, v) = (numbers(6 * 4), numbers(4 * 37, seed: 2), numbers(37 * 5, seed: 3))
    let rows: [Float] = (0..<148).map { (place: Int) -> Float in k[place % 4 * 37 + place / 4] }
    func run(_ k: [Float], row: Int, step: Int) -> [Float] {
      var y = [Float](repeating: 0, count: 6 * 5)
      var scratch = [Float](repeating: 0, count: decant_attention_scratch(37, 4, 5))
      unsafe q.withUnsafeBufferPointer { q in
        unsafe k.withUnsafeBufferPointer { k in
          unsafe v.withUnsafeBufferPointer { v in
            unsafe y.withUnsafeMutableBufferPointer { y in
              var head = unsafe decant_attention(
                queries: 6, keys: 37, size: 4, value_size: 5, q: q.baseAddress, k: k.baseAddress, v: v.baseAddress,
                q_row: 4, k_row: row, k_step: step, v_row: 5, mask: nil, mask_row: 0, factor: 1, is_causal: 0,
                past: 0, y: y.baseAddress, y_row: 5)
              unsafe decant_attention_f32(&head, &scratch)
            }
          }
        }
      }
      return y
    }
    #expect(run(k, row: 1, step: 37) == run(rows, row: 4, step: 1))
  }
}

@Suite struct EngineMovementTests {
  @Test(arguments: [[0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [1, 0, 2], [2, 0, 1]]) func permutations(_ order: [Int])
  {
    let (shape, strides) = ([3, 41, 18], [41 * 18, 18, 1])
    let extents = order.map { shape[$0] }
    func check<Element: FixedWidthInteger>(_ type: Element.Type) {
      let source = (0..<3 * 41 * 18).map { Element(truncatingIfNeeded: $0 &* 77) }
      var target = [Element](repeating: 0, count: source.count)
      unsafe decant_copy_strided(
        MemoryLayout<Element>.size, 3, extents, order.map { strides[$0] }, source, &target)
      var expected: [Element] = []
      for a in 0..<extents[0] {
        for b in 0..<extents[1] {
          for c in 0..<extents[2] {
            expected.append(source[a * strides[order[0]] + b * strides[order[1]] + c * strides[order[2]]])
          }
        }
      }
      #expect(target == expected)
    }
    check(UInt8.self)
    check(UInt16.self)
    check(UInt32.self)
    check(UInt64.self)
  }

  @Test func gathersAndRefuses() {
    let table: [Float] = [1, 2, 3, 4, 5, 6]
    var rows = [Float](repeating: 0, count: 6)
    #expect(unsafe decant_gather_rows(table, 1, 3, 8, [Int64(2), -3, 1], 1, 3, &rows) == 3)
    #expect(rows == [5, 6, 1, 2, 3, 4])
    #expect(unsafe decant_gather_rows(table, 1, 3, 8, [Int32(2), 3, 1], 0, 3, &rows) == 1)
    #expect(unsafe decant_gather_rows(table, 1, 3, 8, [Int64.min, 0], 1, 2, &rows) == 0)
  }

  @Test func broadcasts() {
    let (a, b) = (numbers(6 * 40), numbers(40, seed: 2))
    for (operation, apply) in [
      (DECANT_ADD, { $0 + $1 }), (DECANT_SUBTRACT, { $0 - $1 }), (DECANT_MULTIPLY, { $0 * $1 }),
      (DECANT_DIVIDE, { $0 / $1 }), (DECANT_MAXIMUM, { Swift.max($0, $1) }), (DECANT_MINIMUM, { Swift.min($0, $1) }),
    ] as [(decant_arithmetic, (Float, Float) -> Float)] {
      var y = [Float](repeating: 0, count: 240)
      unsafe decant_arithmetic_f32(operation, 2, [6, 40], a, [40, 1], b, [0, 1], &y)
      #expect(y == a.indices.map { apply(a[$0], b[$0 % 40]) })
      unsafe decant_arithmetic_f32(operation, 2, [6, 40], b, [1, 0], a, [40, 1], &y)
      #expect(y == a.indices.map { apply(b[$0 / 40], a[$0]) })
    }
    var y = [Float](repeating: 0, count: 1)
    unsafe decant_arithmetic_f32(DECANT_MAXIMUM, 0, [], [.nan], [], [1], [], &y)
    #expect(y[0].isNaN)
  }

  @Test func sums() {
    let x = numbers(3 * 130 * 21)
    var y = [Float](repeating: 0, count: 63)
    unsafe decant_sum_columns_f32(x, 3, 130, 21, 130, &y)
    let columns = (0..<63).map { place in
      (0..<130).reduce(0.0) { $0 + Double(x[(place / 21 * 130 + $1) * 21 + place % 21]) } / 130
    }
    #expect(largestDifference(y, columns) < 1e-6)
    var rows = [Float](repeating: 0, count: 3)
    unsafe decant_sum_rows_f32(x, 3, 130 * 21, 1, &rows)
    #expect(
      largestDifference(rows, (0..<3).map { x[$0 * 2730..<($0 + 1) * 2730].reduce(0.0) { $0 + Double($1) } }) < 1e-4)
  }
}

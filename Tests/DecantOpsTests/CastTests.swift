import DecantBytes
import DecantIR
import Testing

@Suite struct CastTests {
  private func cast(_ tensor: Tensor, to type: DataType, saturate: Int64 = 1) throws -> Tensor {
    try evaluate("Cast", [tensor], ["to": .int(Int64(type.rawValue)), "saturate": .int(saturate)])[0]
  }

  @Test func doublesAreRoundedOnce() throws {
    // A hair above the half between two bfloat16 numbers: float32 would drop the hair, and then round down to even.
    let value = 1 + 0x1p-8 + 0x1p-40
    #expect(try cast(Tensor([value]), to: .bfloat16).floats == [1 + 0x1p-7])
    #expect(try cast(Tensor([1 + 0x1p-11 + 0x1p-40]), to: .float16).floats == [1 + 0x1p-10])
    #expect(try cast(Tensor([1 + 0x1p-4 + 0x1p-40]), to: .float8E4M3FN).floats == [1 + 0x1p-3])
  }

  @Test func integersAreRoundedOnce() throws {
    let value = (Int64(1) << 40) + (Int64(1) << 32) + 1
    #expect(try cast(Tensor([value, -value]), to: .bfloat16).floats == [0x1.02p40, -0x1.02p40])
    #expect(try cast(Tensor([UInt64.max]), to: .bfloat16).floats == [0x1p64])
  }

  @Test func floatsAreCutTowardsZero() throws {
    let values = Tensor([1.9, -1.9, .nan, 1e30, -1e30] as [Float])
    #expect(try cast(values, to: .int32).integers == [1, -1, 0, Int(Int32.max), Int(Int32.min)])
    #expect(try cast(values, to: .int64).integers == [1, -1, 0, Int.max, Int.min])
    #expect(try cast(Tensor([-1.0, 300] as [Float]), to: .uint8).integers == [255, 44])
  }

  @Test func integersKeepTheirLowBits() throws {
    #expect(try cast(Tensor([200, -129] as [Int16]), to: .int8).integers == [-56, 127])
    #expect(try cast(Tensor([9, -9, 7] as [Int32]), to: .int4).integers == [-7, 7, 7])
    #expect(try cast(Tensor([5, 4] as [Int32]), to: .uint2).integers == [1, 0])
  }

  @Test func smallFloatsSaturateOrNot() throws {
    let values = Tensor([1000, .infinity, -0.0] as [Float])
    #expect(try cast(values, to: .float8E4M3FN).floats == [448, 448, 0])
    let open = try #require(try cast(values, to: .float8E4M3FN, saturate: 0).floats)
    #expect(open[0].isNaN && open[1].isNaN)
    #expect(try cast(values, to: .float8E5M2, saturate: 0).floats == [1024, .infinity, 0])
  }

  @Test(arguments: [("up", [1, 2, 2, 4]), ("down", [1, 1, 2, 2]), ("nearest", [1, 2, 2, 2])] as [(String, [Float])])
  func powersOfTwoRound(mode: String, wanted: [Float]) throws {
    let result = try evaluate(
      "Cast", [Tensor([1, 1.5, 2, 2.5] as [Float])],
      ["to": .int(Int64(DataType.float8E8M0.rawValue)), "round_mode": .string(ByteString(mode))])
    #expect(result[0].floats == wanted)
  }

  @Test func strings() throws {
    #expect(try cast(Tensor([1.5, .nan, -.infinity] as [Float]), to: .string).strings == ["1.5", "nan", "-inf"])
    let texts = try Tensor(strings: ["3.25", "-INF", "1E2"], shape: [3])
    #expect(try cast(texts, to: .float32).floats == [3.25, -.infinity, 100])
    #expect(throws: OpError("expected a number, got the string 'ten'")) {
      try cast(try Tensor(strings: ["ten"], shape: []), to: .float32)
    }
  }

  /// Every float type of 16 bits or fewer, through float32 and back.
  @Test(arguments: [
    DataType.float16, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1,
  ])
  func everyPatternComesBack(type: DataType) throws {
    let count = 1 << type.bitWidth
    let bytes: [UInt8] =
      switch type.bitWidth {
      case 4: stride(from: 0, to: 16, by: 2).map { UInt8($0 | ($0 + 1) << 4) }
      case 8: (0..<256).map { UInt8($0) }
      default: (0..<count).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      }
    let all = try Tensor(type, shape: [count], bytes: ByteSlice(copying: bytes))
    let wide = try cast(all, to: .float32)
    let back = try cast(wide, to: type, saturate: 0)
    let (before, after) = (try #require(all.floats), try #require(back.floats))
    #expect(zip(before, after).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
  }

  @Test func unknownTypeIsRefused() {
    #expect(throws: OpError("'to' expected the number of an element type, got 99")) {
      try evaluate("Cast", [Tensor([1] as [Float])], ["to": .int(99)])
    }
  }
}

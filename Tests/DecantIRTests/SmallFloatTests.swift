import DecantIR
import Testing

@Suite struct SmallFloatTests {
  @Test(arguments: [DataType.float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float4E2M1])
  func everyPatternComesBack(type: DataType) throws {
    let layout = try #require(SmallFloat.layout(of: type))
    for bits in UInt8(0)...(type.bitWidth == 4 ? 15 : 255) {
      let value = layout.decode(bits)
      if value.isNaN {
        #expect(layout.decode(layout.encode(value)).isNaN)
      } else {
        #expect(layout.encode(value, saturate: false) == bits, "\(type) \(bits) \(value)")
      }
    }
  }

  @Test func knownValues() throws {
    let e4m3 = try #require(SmallFloat.layout(of: .float8E4M3FN))
    #expect(e4m3.decode(0x7e) == 448)
    #expect(e4m3.encode(1000) == 0x7e)
    #expect(e4m3.encode(1000, saturate: false) == 0x7f)
    #expect(e4m3.decode(1) == 0x1p-9)
    let e5m2 = try #require(SmallFloat.layout(of: .float8E5M2))
    #expect(e5m2.encode(.infinity, saturate: false) == 0x7c)
    #expect(e5m2.encode(.infinity) == 0x7b)
    #expect(e5m2.decode(0x7b) == 57344)
  }
}

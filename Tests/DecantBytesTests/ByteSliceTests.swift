import DecantBytes
import Testing

@Suite struct ByteSliceTests {
  @Test func slicesShareTheirOwner() {
    let whole = ByteSlice(copying: Array(0..<100 as Range<UInt8>))
    let part = whole[10..<20]
    #expect(part.count == 10)
    #expect(unsafe part.bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 10)
    #expect(whole.isAligned(to: 64) && !part.isAligned(to: 64))
    #expect(part.aligned(to: 64) == part)
  }
}

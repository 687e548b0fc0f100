import DecantIR
import Testing

@testable import DecantCompression

@Suite struct PaddingCutTests {
  private static func mask(_ lengths: [Int], of whole: Int) -> Tensor {
    Tensor(lengths.flatMap { length in (0..<whole).map { Int64($0 < length ? 1 : 0) } }, shape: [lengths.count, whole])
  }

  @Test func theLongestRowDecides() throws {
    let ids = Tensor((0..<200).map { Int32($0) }, shape: [2, 100])
    let cut = try #require(PaddingCut.apply(to: ["ids": ids, "attention_mask": Self.mask([3, 40], of: 100)]))
    #expect(cut["attention_mask"] == Self.mask([3, 40], of: 64))
    #expect(cut["ids"] == Tensor((0..<64).map { Int32($0) } + (100..<164).map { Int32($0) }, shape: [2, 64]))
  }

  @Test func whatCannotBeCutStays() {
    let mask = Self.mask([10], of: 64)
    #expect(PaddingCut.apply(to: ["attention_mask": Self.mask([33], of: 64)]) == nil)
    #expect(PaddingCut.apply(to: ["ids": mask]) == nil)
    #expect(PaddingCut.apply(to: ["attention_mask": mask, "x": Tensor([1.0, 2.0] as [Float])]) == nil)
    #expect(PaddingCut.apply(to: ["attention_mask": Self.mask([0], of: 64)])?["attention_mask"]?.shape == [1, 32])
  }
}

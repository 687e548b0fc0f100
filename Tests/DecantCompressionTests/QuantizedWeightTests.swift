import DecantCompression
import DecantForms
import DecantIR
import Testing

@Suite struct QuantizedWeightTests {
  @Test func weightsThatAreNotFiniteAreRefusedByIndex() throws {
    let grid = try #require(IntegerGrid(.int8))
    let weight = Tensor([1, .nan, 2, .infinity] as [Float], shape: [2, 2])
    #expect(throws: OpError("the element 1 is nan; weights must be finite to be quantized")) {
      try QuantizedWeight.fit(weight, grid: grid, symmetric: true, axis: 0)
    }
  }
}

import DecantIR
import Testing

@testable import DecantCompression
@testable import DecantForms

/// Codes that are made without a copy of the weight are those that are made with one.
@Suite struct DirectCodesTests {
  @Test(arguments: [(37, 256, 16), (300, 384, 32), (16, 64, 64), (5, 128, 128)], [true, false])
  func areThoseOfRounding(_ extents: (outputs: Int, inputs: Int, block: Int), _ isSymmetric: Bool) throws {
    let format = try BlockFormat(bits: 4, blockSize: extents.block, isSymmetric: isSymmetric)
    var values = LinearAlgebraTests.noise(extents.outputs * extents.inputs, seed: 3)
    for index in 0..<extents.block { values[index * extents.outputs] = 0 }
    let weight = try WeightMatrix(Tensor(values, shape: [extents.inputs, extents.outputs]), isInputsFirst: true)
    for (type, scaleType) in [(DataType.float32, ScaleType.float32), (.float16, .float16), (.bfloat16, .bfloat16)] {
      let rows = RoundToNearest().code(weight.panel(0..<weight.rows), format, scaleType)
      let copied = try PackedWeight(rows, .blocks, scaleType: type)
      #expect(DirectCodes.serve(weight, format))
      for threads in [1, 3] {
        let direct = try PackedWeight(
          weight, format, .blocks, scaleType: type, threads: threads, coder: RoundToNearest())
        #expect(direct.codes == copied.codes && direct.scales == copied.scales)
        #expect(direct.zeroPoints == copied.zeroPoints)
      }
    }
  }

  @Test func whatIsNotFiniteIsNamed() throws {
    let format = try BlockFormat(bits: 4, blockSize: 32, isSymmetric: true)
    for coder in [RoundToNearest(), RangeSearch(importance: nil)] as [any WeightCoder] {
      for (index, value) in [(0, Float.nan), (33, .infinity), (32 * 40 - 1, -.infinity)] {
        var values = [Float](repeating: 1, count: 32 * 40)
        values[index] = value
        let weight = try WeightMatrix(Tensor(values, shape: [32, 40]), isInputsFirst: true, isChecked: false)
        let error = #expect(throws: OpError.self) {
          try PackedWeight(weight, format, .blocks, scaleType: .float32, threads: 2, coder: coder)
        }
        #expect(error?.message.hasPrefix("the element \(index) is") == true)
      }
    }
  }
}

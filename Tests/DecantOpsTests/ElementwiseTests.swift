import DecantIR
import Testing

@Suite struct ElementwiseTests {
  @Test func addBroadcastsBothWays() throws {
    let result = try evaluate(
      "Add", [Tensor([1, 2, 3] as [Float], shape: [3, 1]), Tensor([10, 20] as [Float], shape: [2])])
    expect(result[0], Tensor([11, 21, 12, 22, 13, 23] as [Float], shape: [3, 2]))
  }

  @Test func integersWrapAround() throws {
    let largest = Tensor([Int8.max, Int8.min])
    expect(try evaluate("Add", [largest, Tensor([1, -1] as [Int8])])[0], Tensor([Int8.min, Int8.max]))
    expect(try evaluate("Mul", [largest, Tensor([2, 2] as [Int8])])[0], Tensor([-2, 0] as [Int8]))
    expect(try evaluate("Neg", [largest])[0], Tensor([-127, -128] as [Int8]))
    expect(try evaluate("Abs", [largest])[0], Tensor([127, -128] as [Int8]))
  }

  @Test func integerDivision() throws {
    let (a, b) = (Tensor([7, -7, Int32.min] as [Int32]), Tensor([2, 2, -1] as [Int32]))
    expect(try evaluate("Div", [a, b])[0], Tensor([3, -3, Int32.min] as [Int32]))
    expect(try evaluate("Mod", [a, b])[0], Tensor([1, 1, 0] as [Int32]))
    expect(try evaluate("Mod", [a, b], ["fmod": .int(1)])[0], Tensor([1, -1, 0] as [Int32]))
    #expect(throws: OpError("expected integer divisors other than 0, got 0 among i32[1]")) {
      try evaluate("Div", [a, Tensor([0] as [Int32])])
    }
  }

  @Test func floatDivisionByZero() throws {
    let result = try evaluate("Div", [Tensor([1, -1, 0] as [Float]), Tensor([0] as [Float])])
    expect(result[0], Tensor([.infinity, -.infinity, .nan] as [Float]))
  }

  @Test func powerOfOtherTypes() throws {
    expect(
      try evaluate("Pow", [Tensor([2, 3] as [Float]), Tensor([3, -1] as [Int64])])[0], Tensor([8, 1 / 3] as [Float]))
    expect(
      try evaluate("Pow", [Tensor([2, -1] as [Int32]), Tensor([10, -3] as [Int32])])[0], Tensor([1024, -1] as [Int32]))
  }

  @Test func halvesAreRoundedOnce() throws {
    // In steps of float16, 2048 + 1 + 1 stays 2048.
    let ones = Tensor([1] as [Float16])
    expect(try evaluate("Sum", [Tensor([2048] as [Float16]), ones, ones])[0], Tensor([2050] as [Float16]))
  }

  @Test func nanWinsInMaximum() throws {
    let result = try evaluate("Max", [Tensor([.nan, 1, 2] as [Float]), Tensor([1, .nan, 3] as [Float])])
    expect(result[0], Tensor([.nan, .nan, 3] as [Float]))
  }

  @Test func upperLimitWinsInClip() throws {
    let result = try evaluate(
      "Clip", [Tensor([-5, 0, 5] as [Float]), Tensor(scalar: Float(2)), Tensor(scalar: Float(1))])
    expect(result[0], Tensor([1, 1, 1] as [Float]))
  }

  @Test func roundTakesHalvesToEven() throws {
    expect(
      try evaluate("Round", [Tensor([0.5, 1.5, -2.5, 2.4] as [Float])])[0], Tensor([0, 2, -2, 2] as [Float]))
  }

  @Test func shiftsBeyondTheWidth() throws {
    let (x, y) = (Tensor([-8, 8, 8] as [Int8]), Tensor([8, 9, -1] as [Int8]))
    expect(try evaluate("BitShift", [x, y], ["direction": .string("RIGHT")])[0], Tensor([-1, 0, 0] as [Int8]))
    expect(try evaluate("BitShift", [x, y], ["direction": .string("LEFT")])[0], Tensor([0, 0, 0] as [Int8]))
  }

  @Test func whereTakesStrings() throws {
    let result = try evaluate(
      "Where",
      [
        tensor([1, 0], [2], of: Boolean.self), try Tensor(strings: ["a"], shape: [1]),
        try Tensor(strings: ["b", "c"], shape: [2]),
      ])
    #expect(result[0].strings == ["a", "c"])
  }

  @Test func operandsOfTwoTypesAreRefused() {
    #expect(throws: OpError("expected operands of one element type, got f32 and i32")) {
      try evaluate("Add", [Tensor([1] as [Float]), Tensor([1] as [Int32])])
    }
  }
}

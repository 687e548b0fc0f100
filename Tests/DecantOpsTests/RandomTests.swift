import DecantIR
import Testing

@testable import DecantOps

/// Numbers drawn by NumPy's `RandomState`, and by ONNX 1.23.2's reference evaluator on top of it.
@Suite struct RandomTests {
  @Test func wordsOfTheTwister() {
    var source = RandomSource(seed: 7)
    #expect((0..<3).map { _ in source.bits() } == [327_741_615, 976_413_892, 3_349_725_721])
  }

  @Test func uniformWithSeed() throws {
    let results = try evaluate(
      "RandomUniform", [], ["shape": .ints([5]), "seed": .float(3), "low": .float(-1), "high": .float(2)])
    expect(results[0], Tensor([0.652394, 1.12444, -0.127286, 0.532483, 1.67884] as [Float]))
  }

  @Test func normalWithSeed() throws {
    let results = try evaluate(
      "RandomNormal", [],
      ["shape": .ints([5]), "seed": .float(3), "mean": .float(1), "scale": .float(2), "dtype": .int(11)])
    expect(results[0], Tensor([4.57726, 1.87302, 1.19299, -2.72699, 0.445224] as [Double]))
  }

  @Test func dropoutInTraining() throws {
    let data = Tensor([Float](repeating: 3, count: 8))
    let results = try evaluate(
      "Dropout", [data, Tensor(scalar: Float(0.25)), Tensor(scalar: Boolean(true))], ["seed": .int(5)], results: 2)
    expect(results[0], Tensor([0, 4, 0, 4, 4, 4, 4, 4] as [Float]))
    expect(results[1], tensor([0, 1, 0, 1, 1, 1, 1, 1], [8], of: Boolean.self))
  }

  @Test(arguments: [("RandomNormalLike", Float(0), Float(1)), ("RandomUniformLike", 0.5, 0.288675)])
  func momentsWithoutSeed(_ op: String, _ mean: Float, _ deviation: Float) throws {
    let drawn = try evaluate(OpName(op), [ramp([100, 100])])[0]
    let moments = Moments(drawn.array(of: Float.self) ?? [], count: 10_000)
    #expect(abs(Float(moments.mean) - mean) < 0.03)
    #expect(abs(Float(moments.variance.squareRoot()) - deviation) < 0.02)
    #expect(try evaluate(OpName(op), [ramp([100, 100])])[0] == drawn)
  }

  @Test func theNodeDecidesWithoutSeed() throws {
    let evaluation = try #require(StandardOps().definition(of: "RandomUniformLike")?.evaluate)
    let drawn = try [1, 2, 1].map { stream in
      try evaluation(EvaluationContext(op: "RandomUniformLike", attributes: [:], operands: [ramp([4])], stream: stream))
    }
    #expect(drawn[0] != drawn[1])
    #expect(drawn[0] == drawn[2])
  }

  @Test func bernoulli() throws {
    let shares = Tensor([Float](repeating: 0.2, count: 5000) + [0, 1])
    let drawn = try evaluate("Bernoulli", [shares], ["dtype": .int(7), "seed": .float(1)])[0]
    let values = try #require(drawn.array(of: Int64.self))
    #expect(abs(values.dropLast(2).reduce(0, +) - 1000) < 100)
    #expect(values.suffix(2) == [0, 1])
  }

  @Test func multinomial() throws {
    let shares: [Float] = [-.infinity, 0, 1.0986123]
    let drawn = try evaluate(
      "Multinomial", [Tensor(shares + [0, -90, -90], shape: [2, 3])], ["sample_size": .int(4000), "seed": .float(1)])[0]
    let values = try #require(drawn.array(of: Int32.self))
    #expect(drawn.shape == [2, 4000])
    #expect(!values[..<4000].contains(0))
    #expect(abs(values[..<4000].count { $0 == 2 } - 3000) < 120)
    #expect(values[4000...].allSatisfy { $0 == 0 })
  }

  @Test func refusals() {
    #expect(throws: OpError("'dtype' expected a float type of 16 bits or more, got i64")) {
      try evaluate("RandomUniform", [], ["shape": .ints([2]), "dtype": .int(7)])
    }
    #expect(throws: OpError("operand 0: expected probabilities in 0...1")) {
      try evaluate("Bernoulli", [Tensor([1.5] as [Float])])
    }
    #expect(throws: OpError("'sample_size' expected 0 or more, got -1")) {
      try evaluate("Multinomial", [ramp([1, 2])], ["sample_size": .int(-1)])
    }
    #expect(throws: OpError("operand 1: expected one number in 0..<1, got f32[]")) {
      try evaluate("Dropout", [ramp([2]), Tensor(scalar: Float(1)), Tensor(scalar: Boolean(true))])
    }
  }
}

import DecantEngine
import DecantIR
import Testing

/// Products of rows of codes and constant matrices of codes.
@Suite struct CodeProductTests {
  private static func scalar(_ value: Float) -> Tensor { Tensor(scalar: value) }

  private static func matrix(_ shape: [Int]) -> Tensor { CodeCase.codes(.int8, shape, seed: 3) }

  static let cases: [CodeCase] = [
    CodeCase(
      "QLinearMatMul",
      [
        CodeCase.codes(.uint8, [2, 13, 35]), scalar(0.02), CodeCase.code(.uint8, 121), matrix([35, 70]),
        CodeCase.scales(70), Tensor([Int8](repeating: 0, count: 70)), scalar(0.02), CodeCase.code(.uint8, 128),
      ]),
    CodeCase(
      "QLinearMatMul",
      [
        CodeCase.codes(.int8, [1, 64]), scalar(0.02), CodeCase.code(.int8, -3), matrix([64, 31]), scalar(0.001),
        CodeCase.code(.int8, 0), scalar(0.03), CodeCase.code(.int8, -9),
      ]),
    CodeCase(
      .microsoft("QGemm"),
      [
        CodeCase.codes(.uint8, [17, 40]), scalar(0.02), CodeCase.code(.uint8, 5), matrix([33, 40]),
        CodeCase.scales(33), Tensor([Int8](repeating: 0, count: 33)),
        Tensor(CodeCase.random(33, 9).map { Int32($0 % 20_000) - 10_000 }), scalar(0.02), CodeCase.code(.uint8, 100),
      ], ["transB": .int(1)]),
    CodeCase(
      .microsoft("QGemm"),
      [
        CodeCase.codes(.int8, [3, 40]), scalar(0.02), CodeCase.code(.int8, 5), matrix([40, 33]), scalar(0.001),
        CodeCase.code(.int8, 0), nil,
      ], ["alpha": .float(0.5)]),
    CodeCase(
      "MatMulInteger",
      [CodeCase.codes(.uint8, [2, 5, 19]), matrix([19, 8]), CodeCase.code(.uint8, 200), CodeCase.code(.int8, 0)],
      given: [0, 2]),
    CodeCase("MatMulInteger", [CodeCase.codes(.int8, [130, 4]), matrix([4, 160])]),
    CodeCase(
      .microsoft("MatMulIntegerToFloat"),
      [
        CodeCase.codes(.uint8, [2, 25, 36]), matrix([36, 65]), scalar(0.013), CodeCase.scales(65),
        CodeCase.code(.uint8, 99), Tensor([Int8](repeating: 0, count: 65)), CodeCase.floats([65]),
      ], given: [0, 2, 4]),
    CodeCase(
      .microsoft("MatMulIntegerToFloat"),
      [CodeCase.codes(.int8, [50, 36]), matrix([36, 65]), scalar(0.013), scalar(0.002), CodeCase.code(.int8, 9)]),
  ]

  @Test(arguments: cases) func products(_ one: CodeCase) throws { try one.check() }
}

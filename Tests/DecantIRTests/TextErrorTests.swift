import DecantBytes
import DecantIR
import Testing

@Suite struct TextErrorTests {
  @Test(arguments: [
    ("", "text:1:1: expected 'model', got the end"),
    ("model \"x", "text:1:7: the string does not end on its line"),
    ("model \"x\" graph main", "text:1:17: expected a name after '@', got 'main'"),
    ("model \"\"\ngraph @m() -> (%y) {\n return %y }", "text:3:9: the value 'y' is not defined before it is read"),
    ("model \"\" graph @m(%x, %x)", "text:1:23: two values are called 'x'"),
    ("model \"\" graph @m(%x) -> (%y, %y) { return %x, %x }", "text:1:31: two outputs are called 'y'"),
    ("model \"\" graph @m() -> () { %a, %a = F() return }", "text:1:33: two results are called 'a'"),
    ("model \"\" graph @m() -> () { %a: f33[] = F() return }", "text:1:33: expected a type, got 'f33'"),
    ("model \"\" graph @m() -> () { %a: f32[2] = initializer [1] return }", "text:1:54: expected 2 elements, got 1"),
    (
      "model \"\" graph @m() -> () { %a: u8[1] = initializer [256] return }",
      "text:1:53: expected elements that u8 holds, got 256"
    ),
    (
      "model \"\" graph @m() -> () { %a: f32[1] = initializer [1e99] return }",
      "text:1:54: expected elements that f32 holds, got 1e99"
    ),
    (
      "model \"\" graph @m() -> () { %a: f32[-1] = initializer [] return }",
      "text:1:55: expected extents that are not negative, got [-1]"
    ),
    (
      "model \"\" graph @m() -> () { %a: f32[9223372036854775807,3] = initializer 0x return }",
      "text:1:74: the shape [9223372036854775807, 3] has more than 2^63 elements"
    ),
    ("model \"\" graph @m() -> () { () = F() {a: 99999999999999999999x} return }", nil),
    ("model \"\" graph @m() -> () { () = F() {a: 1, a: 2} return }", "text:1:38: two attributes have one name"),
    (
      "model \"\" graph @m() -> () { () = F() {a: []} return }",
      "text:1:43: expected the kind before an empty list, as in 'ints []'"
    ),
    (
      "model \"\" graph @m(%x) -> () { () = F() captures (%x) {g: graph @g() -> () { return }} return }",
      "text:1:54: expected at least 1 inputs for captured values in 'g', got 0"
    ),
    ("model \"\\q\" graph", nil), ("model \"\" graph @m(%x: f32[N*N*N*N*N*N*N*N*N])", nil),
    ("model \"\" graph @m(%x: f32[9223372036854775807+9223372036854775807])", nil),
    ("model \"\u{0}\" \u{0}", nil), ("model \"\" opset 99999999999999999999", nil),
  ])
  func messages(text: String, expected: String?) {
    let error = #expect(throws: DecantError.self) { try TextForm.parse(text) }
    #expect(error?.kind == .malformed)
    if let expected { #expect(error?.description == expected) }
  }

  @Test func deepNestingIsRefused() {
    let types = String(repeating: "seq<", count: 100_000)
    #expect(throws: DecantError.self) { try TextForm.parse("model \"\" graph @m(%x: \(types)") }
    let graphs = String(repeating: "graph @m() -> () { () = F() {g: ", count: 100_000)
    #expect(throws: DecantError.self) { try TextForm.parse("model \"\" \(graphs)") }
  }

  /// Every prefix, and every byte changed in eight ways: an error or a model, never a trap.
  @Test func damagedTextNeverTraps() throws {
    let text = """
      model "onnx" opset 17
      graph @main(%x: f32[2*N-1,?] = f32[2] [0.5, nan:0x7fc00001]) -> (%y: seq<f32[*]>) doc "\\x00" {
        %w: i4[3] = initializer [1, -2, 7]
        %v: f32[2] = initializer 0x0000803f00000040
        %b: u8[4] = initializer sha256:\(String(repeating: "0f", count: 32)) (4 bytes)
        %a, _ = If(%x, _) captures (%w) {g: graph @g(%i) -> (%i) { return %i }, s: "é", f: [-inf, 1.5]} @"n"
        return %a
      }
      function a.F overload "o" opset 1 attributes [b] defaults {b: ref c: ints}
      graph @F() -> () { return }
      """
    _ = try TextForm.parse(text)
    let bytes = Array(text.utf8)
    for length in 0..<bytes.count { _ = try? TextForm.parse(ByteSlice(copying: bytes[..<length])) }
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        guard let model = try? TextForm.parse(ByteSlice(copying: damaged)) else { continue }
        #expect(Verifier.problem(in: model.graph) == nil)
        #expect(try TextForm.parse(try TextForm.print(model)) == model)
      }
    }
  }

  @Test func tokensMayBeAnything() {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: .min ... .max, using: &random)
    var generator = SplitMix(state: seed)
    let pieces = [
      "model", "\"\"", "graph", "@m", "(", ")", "->", "{", "}", "return", "%a", "%b", ":", "f32", "[", "]", "1", "-",
      "*",
      "=", "initializer", "F", ",", "0x00", "?", "nan", "seq", "<", ">", "function", "_", "captures", "opset",
    ]
    for _ in 0..<2_000 {
      let text =
        "model \"\" graph @m("
        + (0..<20).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined(separator: " ")
      _ = try? TextForm.parse(text)
    }
  }
}

/// A small random generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

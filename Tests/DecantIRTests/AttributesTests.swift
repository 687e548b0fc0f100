import DecantIR
import Testing

@Suite struct AttributesTests {
  @Test func staySorted() {
    var attributes: Attributes = ["b": .int(1), "a": .int(2), "b": .int(3)]
    #expect(attributes.map(\.name) == ["a", "b"])
    #expect(attributes.int("b") == 3)
    attributes["c"] = .float(1)
    attributes["a"] = nil
    attributes["missing"] = nil
    #expect(attributes.map(\.name) == ["b", "c"])
    #expect(attributes.count == 2)
    #expect(Attributes(unique: [("z", .int(1)), ("y", .int(2))])?.map(\.name) == ["y", "z"])
    #expect(Attributes(unique: [("z", .int(1)), ("z", .int(2))]) == nil)
  }

  @Test func wrongKindsAreNil() {
    let attributes: Attributes = [
      "i": .int(1), "f": .float(1), "s": .string(ByteString(bytes: [255])), "l": .ints([1]),
    ]
    #expect(attributes.int("f") == nil && attributes.float("i") == nil && attributes.ints("i") == nil)
    #expect(attributes.string("s") == nil && attributes.floats("l") == nil && attributes.tensor("i") == nil)
    #expect(attributes.int("none", default: 7) == 7 && attributes.float("i", default: 2) == 2)
  }

  @Test func equalToTheBit() {
    #expect(Attribute.float(.nan) == .float(.nan))
    #expect(Attribute.float(0) != .float(-0.0))
    #expect(Attribute.floats([.nan]) == .floats([.nan]))
    #expect(Attribute.floats([]) != .ints([]))
    let kinds: [Attribute] = [.int(1), .float(1), .string("1"), .ints([1]), .strings(["1"])]
    for (index, a) in kinds.enumerated() {
      for (other, b) in kinds.enumerated() { #expect((a == b) == (index == other)) }
    }
  }

  @Test func namesOfOutputsStayTaken() {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .unknown)
      rewriter.addOutput("y", x)
      let made = rewriter.add("Relu", [x], name: "y")
      #expect(rewriter.graph[made].name == "y_1")
      rewriter.rename(made, to: "x")
      #expect(rewriter.graph[made].name == "x_1")
      rewriter.rename(made, to: "x_1")
      #expect(rewriter.graph[made].name == "x_1")
      let unnamed = rewriter.add("Relu", [x], name: "")
      #expect(rewriter.graph[unnamed].name == "v_1")
    }
    #expect(Verifier.problem(in: graph) == nil)
  }
}

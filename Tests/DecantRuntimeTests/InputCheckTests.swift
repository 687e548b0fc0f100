import DecantBytes
import DecantIR
import DecantRuntime
import Testing

@Suite struct InputCheckTests {
  private func message(_ inputs: [String: Tensor]) throws -> String {
    let graph = Graph.build { rewriter in
      let a = rewriter.addInput("a", .tensor(.float32, [.symbol("N"), 2]))
      let b = rewriter.addInput("b", .tensor(.float32, [.symbol("N"), .unknown]))
      let c = rewriter.addInput("c", .tensor(.float32, []), default: Tensor(scalar: Float(7)))
      rewriter.addOutput("a2", a)
      rewriter.addOutput("b2", b)
      rewriter.addOutput("c2", c)
    }
    do {
      return try executor(graph).run(inputs)["c2"]?.floats?.description ?? "nothing"
    } catch let error as DecantError {
      #expect(error.kind == .malformed)
      return error.message
    }
  }

  private func zeros(_ shape: [Int]) -> Tensor {
    Tensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
  }

  @Test func defaultsStandIn() throws {
    #expect(try message(["a": zeros([3, 2]), "b": zeros([3, 9])]) == "[7.0]")
    #expect(try message(["a": zeros([3, 2]), "b": zeros([3, 9]), "c": Tensor(scalar: Float(1))]) == "[1.0]")
  }

  @Test func missingAndUnknownNames() throws {
    #expect(try message(["a": zeros([3, 2])]) == "the input 'b' (f32[N,?]) is missing")
    #expect(try message(["z": zeros([3, 2])]) == "the model has no input 'z'")
  }

  @Test func typesRanksAndExtents() throws {
    let b = zeros([3, 1])
    #expect(try message(["a": zeros([3, 4]), "b": b]) == "the input 'a': expected f32[N,2], got f32[3,4]")
    #expect(try message(["a": zeros([6]), "b": b]) == "the input 'a': expected f32[N,2], got f32[6]")
    let doubles = Tensor([Double](repeating: 0, count: 6), shape: [3, 2])
    #expect(try message(["a": doubles, "b": b]) == "the input 'a': expected f32[N,2], got f64[3,2]")
    #expect(try message(["a": zeros([4, 2]), "b": b]) == "the input 'b': expected 'N' to be 4 as in 'a', got 3")
  }
}

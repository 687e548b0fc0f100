import DecantIR
import DecantRuntime
import Testing

/// What kernels of a node share.
@Suite struct ConstantFormsTests {
  private final class Form: Sendable {
    let number: Int
    init(_ number: Int) { self.number = number }
  }

  @Test func oneIsMadeForAllThatHoldIt() throws {
    let forms = ConstantForms()
    let first = try #require(try forms.form(0) { Form(1) })
    let again = try #require(try forms.form(0) { Form(2) })
    let other = try #require(try forms.form(1) { Form(3) })
    #expect(first === again && other.number == 3)
  }

  @Test func itIsLetGoWithTheLastHolder() throws {
    let forms = ConstantForms()
    var held = try forms.form { Form(1) }
    #expect(held?.number == 1)
    held = nil
    #expect(try forms.form { Form(2) }?.number == 2)
  }

  @Test func nothingIsKeptOfFailures() throws {
    let forms = ConstantForms()
    #expect(throws: OpError.self) { try forms.form { () throws(OpError) -> Form? in throw OpError("no") } }
    let none: Form? = try forms.form { nil }
    #expect(none?.number == nil)
    #expect(try forms.form { Form(7) }?.number == 7)
  }
}

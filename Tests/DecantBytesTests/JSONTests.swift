import DecantBytes
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    #"{"b":1,"a":[true,false,null,-2.5,"x\n\"\\"],"c":{}}"#, "[]", "-0.0", "12345678901234567",
    "9223372036854775807", "-9223372036854775808", #""é😀\u001b\u202e""#, "1e+20", "5e-324", "[[1,2],[3]]",
  ])
  func roundTrips(_ text: String) throws {
    let value = try JSON(parsing: text)
    #expect(value.text(.compact) == text)
    #expect(try JSON(parsing: value.text(.pretty)) == value)
  }

  @Test func prettyText() {
    let value: JSON = ["name": "x", "list": [1, 2], "nested": [["k": 0.5]], "empty": [:]]
    #expect(
      value.text() == """
        {
          "name": "x",
          "list": [1, 2],
          "nested": [
            {
              "k": 0.5
            }
          ],
          "empty": {}
        }

        """)
  }

  @Test func numbersStayWhatTheyAre() throws {
    #expect(try JSON(parsing: "1").integer == 1)
    #expect(try JSON(parsing: "1.0").integer == nil)
    #expect(try JSON(parsing: "1e3") == .number(1000))
    #expect(try JSON(parsing: "-0").number?.sign == .minus)
    #expect(JSON.shortest(0.1).text(.compact) == "0.1")
    #expect(JSON.number(.infinity).text(.compact) == "null")
    #expect(try JSON(parsing: #""\ud83d\ude00\u0041\/""#).string == "😀A/")
  }

  @Test(arguments: [
    "", " ", "nul", "tru", "{", "[1,", "[1,]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-",
    "--1",
    "1 2", "[] x", "'a'", "\"a", "\"\u{1}\"", #""\x""#, #""\u12""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#,
    #"{"a":1,"a":2}"#, "NaN", "Infinity", "9223372036854775808", "1e999", "\u{FEFF}1", "/**/1",
    String(repeating: "[", count: 100_000),
  ])
  func refuses(_ text: String) {
    #expect(throws: WireError.self) { try JSON(parsing: text) }
  }

  @Test func refusesBytesThatAreNoText() {
    #expect(throws: WireError.self) { try JSON(parsing: ByteSlice(copying: [0x22, 0xFF, 0x22])) }
  }

  @Test func errorsSayWhere() {
    let error = #expect(throws: WireError.self) { try JSON(parsing: "{\"a\": x}") }
    #expect(error?.description == "byte 6: expected a JSON value, got 'x'")
    let twice = #expect(throws: WireError.self) { try JSON(parsing: #"{"a":1,"a":2}"#) }
    #expect(twice?.description == #"byte 7: the key "a" appears twice"#)
  }

  @Test func countsAgainstTheBudget() {
    let budget = Budget(.init(objects: 3))
    let error = #expect(throws: WireError.self) {
      try JSON(parsing: ByteSlice(copying: "[1,2,3]".utf8), budget: budget)
    }
    #expect(error?.code == .overBudget)
  }
}

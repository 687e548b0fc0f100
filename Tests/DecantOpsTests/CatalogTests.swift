import DecantIR
import Testing

import DecantOps

@Suite struct CatalogTests {
  @Test func eachOperatorIsDefinedOnce() {
    let names = StandardOps.families.joined().map(\.name)
    #expect(Set(names).count == names.count)
  }
}

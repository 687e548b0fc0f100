import DecantIR
import DecantRuntime
import Synchronization
import Testing

@Suite struct ParallelTests {
  @Test(arguments: [1, 2, 7], [1, 3, 64, 1000])
  func everyIndexIsVisitedOnce(threads: Int, grain: Int) {
    let visits = Mutex([Int](repeating: 0, count: 257))
    Parallel.forEach(count: 257, grain: grain, threads: threads) { range in
      visits.withLock { counts in for index in range { counts[index] += 1 } }
    }
    #expect(visits.withLock { $0 } == [Int](repeating: 1, count: 257))
  }

  @Test func nothingToDo() {
    Parallel.forEach(count: 0) { _ in Issue.record("called without work") }
  }

  @Test func resultsKeepTheirOrder() {
    #expect(Parallel.map(count: 100, grain: 7, threads: 4) { $0 * $0 } == (0..<100).map { $0 * $0 })
  }

  @Test(arguments: [1, 4])
  func theFirstFailureInOrderIsThrown(threads: Int) {
    for _ in 0..<50 {
      let error = #expect(throws: OpError.self) {
        try Parallel.forEach(count: 100, threads: threads) { (range) throws(OpError) in
          if range.lowerBound >= 20 { throw OpError("\(range.lowerBound)") }
        }
      }
      #expect(error?.message == "20")
    }
  }
}

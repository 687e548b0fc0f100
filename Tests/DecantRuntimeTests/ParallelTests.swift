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

  @Test func inOrderNothingBeginsLongBeforeItsTurn() {
    let threads = 4
    let begun = Mutex<[Int]>([])
    Parallel.forEach(count: 300, threads: threads, inOrder: true) { range in
      begun.withLock { $0.append(range.lowerBound) }
    }
    // What was taken before may be written down after, once for each other thread.
    let early = begun.withLock { $0.enumerated().filter { place, index in index >= place + threads }.count }
    #expect(early == 0)
  }

  @Test func workInsideOfWorkIsDoneToo() {
    let sums = Parallel.map(count: 20, threads: 3) { outer in
      Parallel.map(count: 50, grain: 4, threads: 3) { outer * $0 }.reduce(0, +)
    }
    #expect(sums == (0..<20).map { $0 * 1225 })
  }

  @Test func callersAtTheSameTimeDoNotDisturbEachOther() async {
    let sums = await withTaskGroup(of: Int.self) { group in
      for caller in 0..<8 {
        group.addTask {
          var sum = 0
          for _ in 0..<200 { sum += Parallel.map(count: 16, threads: 3) { $0 + caller }.reduce(0, +) }
          return sum
        }
      }
      var sums: [Int] = []
      for await sum in group { sums.append(sum) }
      return sums.sorted()
    }
    #expect(sums == (0..<8).map { 200 * (120 + 16 * $0) })
  }

  /// Helpers sleep after half a millisecond, and are woken again.
  @Test func helpersThatSleepAreWoken() async throws {
    for _ in 0..<20 {
      #expect(Parallel.map(count: 64, threads: 4) { $0 } == Array(0..<64))
      try await Task.sleep(for: .milliseconds(2))
    }
  }
}

internal import DecantIR

/// Takes each element from the first source where the condition holds, and else from the second.
struct Selecting: Movement {
  let plan: BroadcastPlan
  let condition: [Boolean]

  func move<Cell>(_ sources: [UnsafeBufferPointer<Cell>], into target: UnsafeMutableBufferPointer<Cell>) {
    let strides = plan.runStrides
    unsafe condition.withUnsafeBufferPointer { condition in
      plan.forEachRun { start, places in
        for index in 0..<plan.run {
          let holds = unsafe condition[places[0] + index * strides[0]].value
          unsafe target[start + index] =
            holds ? sources[0][places[1] + index * strides[1]] : sources[1][places[2] + index * strides[2]]
        }
      }
    }
  }
}

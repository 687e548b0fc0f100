/// The places that read values: slots that each value links into a list of its own, so adding and dropping are O(1).
package struct UseList: Sendable {
  package struct Slot: Sendable {
    package var use: Use
    package var value: ValueID
    package var previous: UInt32
    package var next: UInt32
  }

  private var slots: [Slot] = []
  private var free: [UInt32] = []
  /// How often a slot was made, changed, freed or passed in a walk: what tests of linearity count.
  package private(set) var steps = 0

  package init() {}

  package subscript(index: UInt32) -> Slot {
    _read { yield slots[Int(index)] }
    _modify {
      steps &+= 1
      yield &slots[Int(index)]
    }
  }

  package mutating func insert(_ slot: Slot) -> UInt32 {
    steps &+= 1
    guard let index = free.popLast() else {
      slots.append(slot)
      return UInt32(slots.count - 1)
    }
    slots[Int(index)] = slot
    return index
  }

  package mutating func remove(_ index: UInt32) {
    steps &+= 1
    free.append(index)
  }

  /// The slot after `index`.
  package mutating func pass(_ index: UInt32) -> UInt32 {
    steps &+= 1
    return slots[Int(index)].next
  }
}

extension Graph {
  /// Adds `use` at the end of the list of `value`.
  package mutating func link(_ use: Use, to value: ValueID) -> UInt32 {
    let slot = uses.insert(UseList.Slot(use: use, value: value, previous: Links.none, next: Links.none))
    append(slot, to: value)
    return slot
  }

  /// Takes the use in `slot` out of its value's list and frees it.
  package mutating func unlink(_ slot: UInt32) {
    detach(slot)
    uses.remove(slot)
  }

  /// Moves the use in `slot` to the end of the list of `value`.
  package mutating func relink(_ slot: UInt32, to value: ValueID) {
    detach(slot)
    uses[slot].value = value
    append(slot, to: value)
  }

  private mutating func append(_ slot: UInt32, to value: ValueID) {
    let last = values[value.index, value.generation].gain(slot)
    uses[slot].previous = last
    uses[slot].next = Links.none
    if last != Links.none { uses[last].next = slot }
  }

  private mutating func detach(_ slot: UInt32) {
    let (value, previous, next) = (uses[slot].value, uses[slot].previous, uses[slot].next)
    if previous != Links.none { uses[previous].next = next }
    if next != Links.none { uses[next].previous = previous }
    values[value.index, value.generation].lose(slot, previous, next)
  }
}

extension Value {
  /// Puts `slot` at the end of the uses; gives the one that was last.
  fileprivate mutating func gain(_ slot: UInt32) -> UInt32 {
    let last = lastUse
    if last == Links.none { firstUse = slot }
    lastUse = slot
    useCount += 1
    return last
  }

  /// Takes `slot`, between `previous` and `next`, out of the uses.
  fileprivate mutating func lose(_ slot: UInt32, _ previous: UInt32, _ next: UInt32) {
    if firstUse == slot { firstUse = next }
    if lastUse == slot { lastUse = previous }
    useCount -= 1
  }
}

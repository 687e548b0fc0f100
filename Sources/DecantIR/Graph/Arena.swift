/// What can live in an ``Arena``: a type with a value that holds on to nothing, for free slots.
@usableFromInline
package protocol ArenaElement: Sendable {
  static var vacant: Self { get }
}

/// Slots with generations: a freed slot is used again under a new generation, so that old handles never match.
///
/// Reading is inlinable, for otherwise each read of a node from another module would be a call to a coroutine.
@usableFromInline
package struct Arena<Element: ArenaElement>: Sendable {
  @usableFromInline
  struct Slot: Sendable {
    /// Even while the slot is in use, odd while it is free.
    @usableFromInline var generation: UInt32
    @usableFromInline var element: Element

    init(element: consuming Element) {
      generation = 0
      self.element = element
    }
  }

  @usableFromInline var slots: [Slot] = []
  private var free: [UInt32] = []
  /// How often a slot was made, changed or freed: what tests of linearity count.
  @usableFromInline package var steps = 0

  package init() {}

  package var count: Int { slots.count - free.count }

  package mutating func reserve(_ capacity: Int) { slots.reserveCapacity(capacity) }

  package mutating func insert(_ element: consuming Element) -> (index: UInt32, generation: UInt32) {
    steps &+= 1
    guard let index = free.popLast() else {
      slots.append(Slot(element: element))
      return (UInt32(slots.count - 1), 0)
    }
    slots[Int(index)].generation &+= 1
    slots[Int(index)].element = element
    return (index, slots[Int(index)].generation)
  }

  package mutating func remove(_ index: UInt32, _ generation: UInt32) {
    precondition(contains(index, generation), "a handle of another graph, or of something erased")
    steps &+= 1
    slots[Int(index)].generation &+= 1
    slots[Int(index)].element = .vacant
    free.append(index)
  }

  @inlinable
  package func contains(_ index: UInt32, _ generation: UInt32) -> Bool {
    index < slots.count && slots[Int(index)].generation == generation
  }

  @inlinable
  package func generation(of index: UInt32) -> UInt32 { slots[Int(index)].generation }

  @inlinable
  package subscript(index: UInt32, generation: UInt32) -> Element {
    _read {
      precondition(slots[Int(index)].generation == generation, "a handle of another graph, or of something erased")
      yield slots[Int(index)].element
    }
    _modify {
      steps &+= 1
      precondition(slots[Int(index)].generation == generation, "a handle of another graph, or of something erased")
      yield &slots[Int(index)].element
    }
  }

  /// The element in slot `index`, of any generation. Precondition: the slot is in use.
  package subscript(slot index: UInt32) -> Element {
    _read { yield slots[Int(index)].element }
    _modify {
      steps &+= 1
      yield &slots[Int(index)].element
    }
  }

  /// Whether both share their slots: copies, neither edited since.
  package func isSameStorage(as other: Arena) -> Bool {
    unsafe slots.withUnsafeBufferPointer { a in
      unsafe other.slots.withUnsafeBufferPointer { b in unsafe a.baseAddress == b.baseAddress && a.count == b.count }
    }
  }

  /// Whether slot `index` holds an element.
  package func isUsed(_ index: UInt32) -> Bool { index < slots.count && slots[Int(index)].generation % 2 == 0 }

  /// The handles in use, in slot order.
  package var handles: [(index: UInt32, generation: UInt32)] {
    slots.indices.compactMap { slots[$0].generation % 2 == 0 ? (UInt32($0), slots[$0].generation) : nil }
  }
}

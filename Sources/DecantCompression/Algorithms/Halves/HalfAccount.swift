internal import DecantIR

/// What a conversion to half floats did and lost, added up.
struct HalfAccount {
  /// Casts at the borders.
  var casts = 0
  /// Clips of masks before a cast.
  var clips = 0
  /// What mask values became.
  var mask: Float = 0
  private(set) var constants = 0
  private var masked = 0
  private var underflowed = 0
  private var elements = 0
  private var doubled = 0
  private var overflowed: [(name: String, count: Int)] = []

  /// Counts a constant.
  mutating func add(_ half: HalfTensor, _ name: String) {
    constants += 1
    elements += half.tensor.elementCount
    masked += half.masked
    underflowed += half.underflowed
    if half.overflowed > 0 { overflowed.append((name, half.overflowed)) }
  }

  /// Counts a constant that is stored in both types.
  mutating func stored(twice tensor: Tensor?) {
    guard let tensor else { return }
    doubled += tensor.byteCount
  }

  /// What was lost, one sentence each.
  func losses(_ type: HalfType) -> [String] {
    var losses: [String] = []
    if constants > 0 { losses.append("\(constants) constants are \(type.dataType) now") }
    if masked > 0 {
      let why = mask < type.greatest ? ", a quarter of the lowest, for they are added to data" : ""
      losses.append("\(masked) mask values became \(-mask)\(why)")
    }
    for (name, count) in overflowed {
      losses.append("\(count) values of '\(name)' are beyond \(type.dataType)'s range and became infinite")
    }
    if underflowed > 0 {
      losses.append("\(underflowed) of \(elements) constant values are too small for \(type.dataType) and became 0")
    }
    return losses
  }

  /// What else is remarkable.
  func notes(_ type: HalfType) -> [String] {
    var notes: [String] = []
    if doubled > 0 {
      notes.append("constants of \(doubled) bytes are stored in both types, for nodes of both read them")
    }
    if casts > 0 { notes.append("\(casts) casts stand between \(type.dataType) and float32") }
    if clips > 0 { notes.append("\(clips) masks are clipped before they are cast") }
    return notes
  }
}

public import DecantForms
public import DecantIR

/// What one pass over the samples keeps of every value that a quantizer may need.
public struct CalibrationStatistics: Sendable, Hashable {
  /// How many samples were run.
  public var samples: Int
  /// By value name.
  public var tensors: [String: TensorStatistics]
  /// Channels of the values that go into products, by value name. They serve the run that took them; files do not hold them.
  public var channels: [String: ChannelStatistics] = [:]

  /// From what was seen.
  public init(samples: Int = 0, tensors: [String: TensorStatistics] = [:]) {
    self.samples = samples
    self.tensors = tensors
  }

  /// Adds what another shard saw.
  public mutating func merge(_ other: CalibrationStatistics) {
    samples += other.samples
    tensors.merge(other.tensors) { mine, theirs in
      var merged = mine
      merged.merge(theirs)
      return merged
    }
  }

  /// The ranges that `method` chooses.
  ///
  /// - Throws: ``OpError`` naming the value for which it cannot choose.
  public func ranges(_ method: CalibrationMethod) throws(OpError) -> CalibratedRanges {
    var ranges = CalibratedRanges()
    for (name, statistics) in tensors {
      do throws(OpError) {
        ranges.byName[name] = try method.range(of: statistics)
      } catch {
        throw OpError("'\(name)': \(error.message)", kind: error.kind)
      }
      if statistics.sentinels > 0 { ranges.masked.insert(name) }
    }
    return ranges
  }
}

/// A range for every calibrated value.
public struct CalibratedRanges: Sendable, Hashable {
  /// By value name.
  public var byName: [String: TensorRange]
  /// Values that carry mask sentinels, which no range covers; they stay in float.
  public var masked: Set<String>

  /// From ranges.
  public init(byName: [String: TensorRange] = [:], masked: Set<String> = []) {
    self.byName = byName
    self.masked = masked
  }
}

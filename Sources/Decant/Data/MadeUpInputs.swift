internal import FoundationEssentials
public import DecantBytes
public import DecantIR
public import DecantRuntime

/// Inputs for measuring when the user gives none: the same numbers every time.
public enum MadeUpInputs {
  /// An array for each input without a default: an open first axis as `batch`, others as 1, floats spread over [0, 1),
  /// integers 0.
  ///
  /// - Throws: `unsupported` for inputs that are no tensors of a known rank and a plain type.
  public static func make(for inputs: [InputPort], batch: Int = 1) throws(DecantError) -> [String: Tensor] {
    var arrays: [String: Tensor] = [:]
    for input in inputs where !input.hasDefault {
      guard let type = input.type.tensor, let shape = type.shape, let dataType = type.dataType, !dataType.isPacked,
        dataType != .string
      else {
        throw DecantError(
          .unsupported, "no input can be made up for '\(input.name)' of type \(input.type)",
          note: "give one with --input")
      }
      let extents = shape.dimensions.enumerated().map { axis, extent in extent.fixed ?? (axis == 0 ? batch : 1) }
      do throws(OpError) {
        arrays[input.name] = try tensor(dataType, extents)
      } catch {
        throw DecantError(error, at: [input.name])
      }
    }
    return arrays
  }

  private static func tensor(_ dataType: DataType, _ shape: [Int]) throws(OpError) -> Tensor {
    let bytes = try Tensor.byteCount(dataType, shape: shape)
    guard bytes <= 1 << 32 else {
      throw OpError("an input of \(dataType)\(shape) needs \(bytes) bytes, more than 4 GiB", kind: .overBudget)
    }
    guard dataType == .float32 else {
      return try Tensor(dataType, shape: shape, bytes: ByteSlice(count: bytes) { _ in })
    }
    return Tensor(of: Float.self, shape: shape) { span in
      // A full cycle over 24 bits: spread evenly, and never denormal.
      var state: UInt32 = 1
      for index in span.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        span[index] = Float(state >> 8) / Float(1 << 24)
      }
    }
  }
}

/// Memory of this process.
public enum ProcessMemory {
  /// The most bytes that were resident at once; 0 where the system does not tell.
  public static var peakResidentBytes: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }
    return 0
  }
}

public import DecantBytes
internal import DecantForms
public import DecantIR

/// Calibration results on disk: Decant's own statistics, the cache that ONNX Runtime's `quantize_static` writes, or TensorRT's.
///
/// Decant's file is JSON: `format` ("decant-statistics"), `version` (1), `samples`, and `tensors` by name, each with
/// `count`, `sentinels`, `min`, `max` and, for histogram methods, `histogram` = {`exponent`, `counts`}: counts of |x| in 8,192
/// bins over [0, 2^exponent), as pairs of bin and count.
public enum StatisticsFile: Sendable {
  /// Decant's own statistics, from which any method chooses ranges.
  case statistics(CalibrationStatistics)
  /// Ranges that ONNX Runtime chose, with its method's name.
  case onnxRuntime(CalibratedRanges, method: String)
  /// Ranges that TensorRT chose, all symmetric, with the first line of its cache.
  case tensorRT(CalibratedRanges, header: String)

  private static let format = "decant-statistics"

  /// Who chose the ranges and how; nil when they are still to be chosen.
  public var chooser: String? {
    switch self {
    case .statistics: nil
    case .onnxRuntime(_, let method): "ONNX Runtime chose by \(method)"
    case .tensorRT(_, let header): "TensorRT chose (\(header))"
    }
  }

  /// Reads any kind from `path`.
  ///
  /// - Throws: `unreadable`, or `malformed` with the place.
  public static func read(_ path: String) throws(DecantError) -> StatisticsFile {
    try parse(try MappedFile.open(path).bytes, path: path)
  }

  /// Reads any kind from the bytes of the file `path`.
  ///
  /// - Throws: `malformed` with the place.
  public static func parse(_ bytes: ByteSlice, path: String) throws(DecantError) -> StatisticsFile {
    if TensorRTCache.matches(bytes) {
      guard bytes.count <= TensorRTCache.sizeLimit else {
        throw DecantError(.overBudget, "a cache of scales expected below 256 MiB, got \(bytes.count) bytes", at: [path])
      }
      do throws(OpError) {
        let cache = try TensorRTCache.parse(bytes.text)
        return .tensorRT(cache.ranges, header: cache.header)
      } catch {
        throw DecantError(.malformed, error.message, at: [path])
      }
    }
    let json: JSON
    do throws(WireError) {
      json = try JSON(parsing: bytes)
    } catch {
      throw DecantError(.malformed, "byte \(error.offset): \(error.message)", at: [path])
    }
    do throws(OpError) {
      if json["format"]?.string == format { return .statistics(try statistics(json)) }
      if json["CLS"]?.string == "TensorsData" { return try onnxRuntime(json) }
    } catch {
      throw DecantError(.malformed, error.message, at: [path])
    }
    throw DecantError(
      .malformed, "expected calibration statistics, got other JSON", at: [path],
      note: "write them with 'decant calibrate', or with quantize_static(calibration_cache_path=…)")
  }

  /// The ranges for quantization: those that `method` chooses, or those that ONNX Runtime chose.
  public func ranges(_ method: CalibrationMethod) throws(OpError) -> CalibratedRanges {
    switch self {
    case .statistics(let statistics): try statistics.ranges(method)
    case .onnxRuntime(let ranges, _), .tensorRT(let ranges, _): ranges
    }
  }

  /// The text of Decant's own file: the same statistics give the same bytes.
  public static func text(_ statistics: CalibrationStatistics) -> String {
    var tensors = JSONObject()
    for (name, tensor) in statistics.tensors.sorted(by: { $0.key < $1.key }) {
      tensors[name] = .object(object(tensor))
    }
    let whole: JSONObject = [
      "format": .string(format), "version": .integer(1), "samples": .integer(statistics.samples),
      "tensors": .object(tensors),
    ]
    return JSON.object(whole).text()
  }

  /// The text of a calibration cache as ONNX Runtime 1.31 writes and reads it.
  public static func onnxRuntimeText(_ ranges: CalibratedRanges, method: CalibrationMethod) -> String {
    let names: [String: String] = ["minmax": "MinMax", "percentile": "Percentile", "entropy": "Entropy"]
    func number(_ value: Float) -> JSON {
      .object(["data": .number(Double(value)), "dtype": .string("float32"), "CLS": .string("numpy.array")])
    }
    var data = JSONObject()
    for (name, range) in ranges.byName.sorted(by: { $0.key < $1.key }) {
      data[name] = .object([
        "lowest": number(range.low), "highest": number(range.high), "CLS": .string("TensorData"),
      ])
    }
    let value = "CalibrationMethod." + (names[method.name] ?? "MinMax")
    return JSON.object([
      "CLS": .string("TensorsData"), "data": .object(data),
      "calibration_method": .object(["CLS": .string("CalibrationMethod"), "value": .string(value)]),
      "smooth_quant": .bool(false),
    ]).text()
  }

  private static func object(_ tensor: TensorStatistics) -> JSONObject {
    var object: JSONObject = [
      "count": .integer(Int(clamping: tensor.count)), "sentinels": .integer(Int(clamping: tensor.sentinels)),
    ]
    if let range = tensor.range {
      object["min"] = .shortest(range.low)
      object["max"] = .shortest(range.high)
    }
    guard !tensor.histogram.counts.isEmpty else { return object }
    let counts = tensor.histogram.counts.enumerated().filter { $0.element > 0 }
    object["histogram"] = .object([
      "exponent": .integer(tensor.histogram.exponent),
      "counts": .array(counts.map { .array([.integer($0.offset), .integer(Int(clamping: $0.element))]) }),
    ])
    return object
  }

  private static func statistics(_ json: JSON) throws(OpError) -> CalibrationStatistics {
    guard json["version"]?.integer == 1 else { throw OpError("'version' expected 1", kind: .unsupported) }
    guard let samples = json["samples"]?.integer, samples >= 0, let tensors = json["tensors"]?.object else {
      throw OpError("'samples' and 'tensors' are missing")
    }
    var statistics = CalibrationStatistics(samples: samples)
    for (name, value) in tensors.members { statistics.tensors[name] = try tensor(value, name) }
    return statistics
  }

  private static func tensor(_ json: JSON, _ name: String) throws(OpError) -> TensorStatistics {
    var tensor = TensorStatistics()
    guard let count = json["count"]?.integer, count >= 0, let sentinels = json["sentinels"]?.integer, sentinels >= 0
    else { throw OpError("'\(name)': 'count' and 'sentinels' expected as whole numbers") }
    tensor.count = UInt64(count)
    tensor.sentinels = UInt64(sentinels)
    if let low = json["min"]?.number, let high = json["max"]?.number {
      guard low <= high, low.isFinite, high.isFinite else {
        throw OpError("'\(name)': expected min ≤ max, got \(low) and \(high)")
      }
      tensor.range = TensorRange(Float(low), Float(high))
    }
    guard let stored = json["histogram"] else { return tensor }
    var counts = [UInt64](repeating: 0, count: MagnitudeHistogram.binCount)
    for pair in stored["counts"]?.array ?? [] {
      guard let bin = pair.array?.first?.integer, counts.indices.contains(bin), pair.array?.count == 2,
        let value = pair.array?.last?.integer, value > 0
      else { throw OpError("'\(name)': a histogram's counts are pairs of a bin below 8,192 and a count") }
      counts[bin] = UInt64(value)
    }
    guard let exponent = stored["exponent"]?.integer,
      let histogram = MagnitudeHistogram(exponent: exponent, counts: counts)
    else { throw OpError("'\(name)': the histogram's exponent is missing or out of range") }
    tensor.histogram = histogram
    return tensor
  }

  private static func onnxRuntime(_ json: JSON) throws(OpError) -> StatisticsFile {
    guard let data = json["data"]?.object else { throw OpError("'data' is missing") }
    var ranges = CalibratedRanges()
    for (name, value) in data.members {
      guard let low = number(value["lowest"]), let high = number(value["highest"]) else {
        throw OpError("'\(name)': 'lowest' and 'highest' expected as numbers")
      }
      ranges.byName[name] = TensorRange(low, high)
    }
    return .onnxRuntime(ranges, method: json["calibration_method"]?["value"]?.string ?? "unknown")
  }

  /// A number, or the one element of what ONNX Runtime's encoder calls `numpy.array`.
  private static func number(_ json: JSON?) -> Float? {
    guard let json else { return nil }
    if let value = json.number { return Float(value) }
    guard json["CLS"]?.string == "numpy.array" else { return nil }
    return json["data"]?.number.map { Float($0) } ?? json["data"]?.array?.first?.number.map { Float($0) }
  }
}

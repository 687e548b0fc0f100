public import DecantBytes
internal import DecantForms
internal import DecantIR

/// Overrides of tensors on disk: JSON that names tensors, each with a list of one override, or of one a channel.
///
/// The keys are those of ONNX Runtime's `TensorQuantOverrides`: `quant_type`, `scale`, `zero_point`, `rmin`, `rmax`,
/// `symmetric`, `reduce_range` and `axis`, as in `{"conv1.weight": [{"quant_type": "QInt8", "axis": 0}]}`.
public enum OverridesFile {
  private static let keys: Set<String> = [
    "quant_type", "scale", "zero_point", "rmin", "rmax", "symmetric", "reduce_range", "axis",
  ]

  /// Reads the overrides at `path`.
  ///
  /// - Throws: `unreadable`, or `malformed` with the tensor.
  public static func read(_ path: String) throws(DecantError) -> TensorOverrides {
    let bytes = try MappedFile.open(path).bytes
    let json: JSON
    do throws(WireError) {
      json = try JSON(parsing: bytes)
    } catch {
      throw DecantError(.malformed, "byte \(error.offset): \(error.message)", at: [path])
    }
    do throws(OpError) {
      return try parse(json)
    } catch {
      throw DecantError(.malformed, error.message, at: [path])
    }
  }

  static func parse(_ json: JSON) throws(OpError) -> TensorOverrides {
    guard let tensors = json.object else { throw OpError("expected an object that names tensors") }
    var overrides: TensorOverrides = [:]
    for (name, value) in tensors.members {
      do throws(OpError) {
        guard let list = value.array, !list.isEmpty else { throw OpError("expected a list of overrides") }
        var read: [TensorOverride] = []
        for (index, item) in list.enumerated() { read.append(try one(item, isFirst: index == 0)) }
        guard
          read.dropFirst().allSatisfy({
            ($0.axis == nil || $0.axis == read[0].axis) && ($0.type == nil || $0.type == read[0].type)
          })
        else { throw OpError("all channels expected one 'axis' and one 'quant_type'") }
        guard read.count == 1 || read[0].axis != nil else { throw OpError("several overrides expected an 'axis'") }
        guard read.allSatisfy({ ($0.parameters == nil) == (read[0].parameters == nil) }) else {
          throw OpError("'scale' expected for all channels or for none")
        }
        overrides[name] = read
      } catch {
        throw OpError("'\(name)': \(error.message)", kind: error.kind)
      }
    }
    return overrides
  }

  private static func one(_ json: JSON, isFirst: Bool) throws(OpError) -> TensorOverride {
    guard let object = json.object else { throw OpError("an override expected as an object") }
    for (key, _) in object.members where !keys.contains(key) {
      throw OpError(
        key == "convert"
          ? "'convert' is not supported: give the tensor one type"
          : "there is no override '\(key)'; there are \(keys.sorted().joined(separator: ", "))")
    }
    var override = TensorOverride()
    if let given = json["quant_type"] { override.type = try type(given) }
    override.low = try number(json, "rmin")
    override.high = try number(json, "rmax")
    override.isSymmetric = try flag(json, "symmetric")
    override.isReduced = try flag(json, "reduce_range")
    if let given = json["axis"] {
      guard let axis = given.integer, (-64..<64).contains(axis) else {
        throw OpError("'axis' expected as a whole number")
      }
      override.axis = axis
    }
    if let low = override.low, let high = override.high, low > high {
      throw OpError("'rmin' expected up to 'rmax', got \(low) and \(high)")
    }
    let scale = try number(json, "scale")
    guard (scale == nil) == (json["zero_point"] == nil) else {
      throw OpError("'scale' and 'zero_point' expected both or neither")
    }
    guard let scale else { return override }
    guard override.low == nil, override.high == nil, override.isSymmetric == nil, override.isReduced == nil else {
      throw OpError("'scale' leaves nothing for 'rmin', 'rmax', 'symmetric' and 'reduce_range' to say")
    }
    guard scale > 0, scale.isFinite else { throw OpError("'scale' expected above 0, got \(scale)") }
    guard let zeroPoint = json["zero_point"]?.integer ?? json["zero_point"]?.array?.first?.integer,
      (-32768...65535).contains(zeroPoint)
    else { throw OpError("'zero_point' expected as a whole number of 16 bits") }
    override.parameters = AffineParameters(scale: scale, zeroPoint: zeroPoint)
    return override
  }

  private static func number(_ json: JSON, _ key: String) throws(OpError) -> Float? {
    guard let given = json[key] else { return nil }
    guard let value = given.number ?? given.array?.first?.number, value.isFinite, Float(value).isFinite else {
      throw OpError("'\(key)' expected as a number")
    }
    return Float(value)
  }

  private static func flag(_ json: JSON, _ key: String) throws(OpError) -> Bool? {
    guard let given = json[key] else { return nil }
    guard case .bool(let value) = given else { throw OpError("'\(key)' expected true or false") }
    return value
  }

  private static func type(_ json: JSON) throws(OpError) -> DataType {
    switch json.string?.lowercased() {
    case "qint8", "int8": return .int8
    case "quint8", "uint8": return .uint8
    case "qint16", "int16": return .int16
    case "quint16", "uint16": return .uint16
    case "qint4", "int4": return .int4
    case "quint4", "uint4": return .uint4
    default: throw OpError("'quant_type' expected QInt8, QUInt8, QInt16, QUInt16, QInt4 or QUInt4")
    }
  }
}

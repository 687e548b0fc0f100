public import DecantBytes
public import DecantIR
public import DecantRuntime
internal import DecantNumPy
internal import DecantONNX
internal import FoundationEssentials

/// Arrays that a user names: a `.npz`, a `.npy`, `NAME=FILE.npy` repeated, or a folder in ONNX's test layout.
public struct ArraySource: Sendable {
  /// The arrays, by input name; a single unnamed array has the name "".
  public let arrays: [String: Tensor]
  /// Sequences, optionals and maps, by input name: only folders of `input_0.pb` hold any.
  public let composites: [String: RuntimeValue]
  /// Whether they came from a folder of `input_0.pb`, and so are whole inputs.
  public let isProtobufFolder: Bool

  /// Reads what `arguments` name.
  ///
  /// - Parameter inputs: the model's inputs, which a folder of numbered files refers to by place.
  /// - Throws: `usage`, `unreadable` or `malformed`, with the file.
  public init(_ arguments: [String], for inputs: [InputPort]) throws(DecantError) {
    guard let first = arguments.first else { throw DecantError(.usage, "no input is named") }
    if arguments.count > 1 || first.contains("=") {
      self.init(try ArraySource.named(arguments))
    } else if first.hasSuffix(".npz") {
      self.init(try NumPyArchive.read(first))
    } else if first.hasSuffix(".npy") {
      let array = try NumPyFile.read(first)
      guard let input = inputs.first, inputs.allSatisfy({ $0.hasDefault || $0.name == input.name }) else {
        throw DecantError(
          .usage, "the model has \(inputs.count) inputs, and a .npy holds one array", at: [first],
          note: "name each: \(inputs.map { "--input \($0.name)=FILE.npy" }.joined(separator: " "))")
      }
      self.init([input.name: array])
    } else {
      let values = try ArraySource.folder(first, inputs)
      self.init(
        values.compactMapValues(\.tensor), composites: values.filter { $0.value.tensor == nil }, isProtobufFolder: true)
    }
  }

  private init(_ arrays: [String: Tensor], composites: [String: RuntimeValue] = [:], isProtobufFolder: Bool = false) {
    self.arrays = arrays
    self.composites = composites
    self.isProtobufFolder = isProtobufFolder
  }

  private static func named(_ arguments: [String]) throws(DecantError) -> [String: Tensor] {
    var arrays: [String: Tensor] = [:]
    for argument in arguments {
      guard let split = argument.lastIndex(of: "="), split != argument.startIndex else {
        throw DecantError(.usage, "expected NAME=FILE.npy, got '\(argument)'")
      }
      let name = String(argument[..<split])
      guard arrays[name] == nil else { throw DecantError(.usage, "the input '\(name)' is given twice") }
      arrays[name] = try NumPyFile.read(String(argument[argument.index(after: split)...]))
    }
    return arrays
  }

  private static func folder(_ path: String, _ inputs: [InputPort]) throws(DecantError) -> [String: RuntimeValue] {
    var values: [String: RuntimeValue] = [:]
    for (index, input) in inputs.enumerated() {
      let file = "\(path)/input_\(index).pb"
      guard FileManager.default.fileExists(atPath: file) else { continue }
      values[input.name] = try ONNXTestValue.read(file, type: input.type)
    }
    // A data set for a model that reads nothing has outputs only.
    let isDataSet = inputs.allSatisfy(\.hasDefault) && FileManager.default.fileExists(atPath: "\(path)/output_0.pb")
    guard !values.isEmpty || isDataSet else {
      throw DecantError(
        .unreadable, "expected a .npz, a .npy, NAME=FILE.npy, or a folder with input_0.pb", at: [path])
    }
    return values
  }
}

/// Where a command puts arrays: a `.npz`, or a folder of `output_0.pb` or `NAME.npy`.
public enum ArraySink {
  /// Writes `outputs` to `path`: to one `.npz`, or into a folder, which is made when missing.
  ///
  /// - Parameter asProtobuf: whether a folder gets `output_0.pb` rather than `NAME.npy`.
  /// - Throws: `cannotCreate` or `inputOutput`; `unsupported` for types that NumPy lacks.
  public static func write(
    _ outputs: [NamedValue], to path: String, asProtobuf: Bool, replacing: Bool
  ) throws(DecantError) {
    if path.hasSuffix(".npz") {
      let arrays = try outputs.map { (output) throws(DecantError) in (output.name, try output.tensor) }
      try NumPyArchive.write(arrays, to: path, replacing: replacing)
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw DecantError(.cannotCreate, "cannot make the folder", at: [path])
    }
    for (index, output) in outputs.enumerated() {
      if asProtobuf {
        try ONNXTestValue.write(
          output.value, to: "\(path)/output_\(index).pb", name: output.name, replacing: replacing)
      } else {
        try NumPyFile.write(output.tensor, to: "\(path)/\(fileName(output.name)).npy", replacing: replacing)
      }
    }
  }

  /// `name` with what a file name cannot hold as `_`.
  private static func fileName(_ name: String) -> String {
    let safe = name.map { $0 == "/" || $0 == "\0" || $0.asciiValue.map { $0 < 32 } ?? false ? "_" : String($0) }
      .joined()
    return safe.isEmpty || safe.hasPrefix(".") ? "_" + safe : safe
  }
}

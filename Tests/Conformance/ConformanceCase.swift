import Decant
import FoundationEssentials

/// One case of the suite: a model, its data sets, and how far results may be off.
struct ConformanceCase: Sendable {
  /// `node`, `simple` and so on.
  let group: String
  let name: String
  let folder: String
  /// Relative to the wanted value.
  let relative: Double
  let absolute: Double

  /// Every case below `suite`, sorted.
  static func all(in suite: String) throws -> [ConformanceCase] {
    let files = FileManager.default
    var cases: [ConformanceCase] = []
    for group in try files.contentsOfDirectory(atPath: suite).sorted() where !group.hasPrefix(".") {
      for name in try files.contentsOfDirectory(atPath: "\(suite)/\(group)").sorted() {
        let folder = "\(suite)/\(group)/\(name)"
        guard files.fileExists(atPath: folder + "/model.onnx") else { continue }
        let words = try? String(contentsOfFile: folder + "/tolerance.txt", encoding: .utf8).split(separator: " ")
        let numbers = words?.compactMap { Double($0.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }) }
        cases.append(
          ConformanceCase(
            group: group, name: name, folder: folder, relative: numbers?.first ?? 1e-3,
            absolute: numbers?.last ?? 1e-7))
      }
    }
    return cases
  }

  /// The folders with inputs and outputs, in order.
  var dataSets: [String] {
    (0...).lazy.map { "\(folder)/test_data_set_\($0)" }.prefix { FileManager.default.fileExists(atPath: $0) }.map { $0 }
  }
}

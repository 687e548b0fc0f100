internal import FoundationEssentials

/// Folders of ONNX's test layout: `test_data_set_0`, `test_data_set_1`, … beside a model, each with `input_0.pb`, ….
public enum TestDataSets {
  /// The names of the data sets in the folder at `path`, in order; none where it is no such folder.
  public static func names(in path: String) -> [String] {
    (0...).lazy.map { "test_data_set_\($0)" }
      .prefix { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
      .map { $0 }
  }
}

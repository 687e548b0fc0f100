import DecantIR
import Testing

import DecantOps

/// Operators of `ai.onnx.ml`. Expected numbers are ONNX Runtime's.
@Suite struct ClassicalTests {
  private func name(_ type: String) -> OpName { OpName(type, domain: "ai.onnx.ml") }

  private func strings(_ values: [String]) throws -> Tensor {
    try Tensor(strings: values.map { ByteString($0) }, shape: [values.count])
  }

  // MARK: Linear models

  @Test(
    arguments: [
      ("NONE", [0.4, 0.8, -0.1, -0.2]), ("SOFTMAX", [0.40131232, 0.59868765, 0.52497917, 0.47502083]),
      ("LOGISTIC", [0.59868765, 0.68997442, 0.47502083, 0.45016602]),
      ("SOFTMAX_ZERO", [0.40131232, 0.59868765, 0.52497917, 0.47502083]),
      ("PROBIT", [-0.25335351, 0.84175611, .nan, .nan]),
    ] as [(String, [Float])])
  func linearRegressor(_ transform: String, _ wanted: [Float]) throws {
    let attributes: Attributes = [
      "coefficients": .floats([1, 2]), "intercepts": .floats([0.1, 0.2]), "targets": .int(2),
      "post_transform": .string(ByteString(transform)),
    ]
    let result = try evaluate(name("LinearRegressor"), [Tensor([0.3, -0.2] as [Float], shape: [2, 1])], attributes)
    expect(result[0], Tensor(wanted, shape: [2, 2]))
  }

  @Test(
    arguments: [
      ([1, -1], [0.1, -0.1], "NONE", [7, 9, 7], [0.4, -0.4, -0.1, 0.1, 0.1, -0.1]),
      ([1], [0.1], "NONE", [9, 7, 9], [0.6, 0.4, 1.1, -0.1, 0.9, 0.1]),
      ([1], [0.1], "LOGISTIC", [9, 7, 9], [0.40131235, 0.59868765, 0.52497917, 0.47502083, 0.47502083, 0.52497917]),
    ] as [([Float], [Float], String, [Int64], [Float])])
  func linearClassifier(
    _ weights: [Float], _ intercepts: [Float], _ transform: String, _ labels: [Int64], _ scores: [Float]
  ) throws {
    let attributes: Attributes = [
      "coefficients": .floats(weights), "intercepts": .floats(intercepts), "classlabels_ints": .ints([7, 9]),
      "post_transform": .string(ByteString(transform)),
    ]
    let x = Tensor([0.3, -0.2, 0] as [Float], shape: [3, 1])
    let results = try evaluate(name("LinearClassifier"), [x], attributes, results: 2)
    expect(results[0], Tensor(labels))
    expect(results[1], Tensor(scores, shape: [3, 2]))
  }

  @Test func linearModelsRefuse() throws {
    let x = Tensor([1, 2] as [Float], shape: [1, 2])
    #expect(throws: OpError("'coefficients' expected 1 times 2 numbers, got 3")) {
      try evaluate(name("LinearRegressor"), [x], ["coefficients": .floats([1, 2, 3])])
    }
    #expect(throws: OpError("expected labels in one of 'classlabels_ints' and 'classlabels_strings'")) {
      try evaluate(name("LinearClassifier"), [x], ["coefficients": .floats([1, 2])], results: 2)
    }
  }

  // MARK: Support vectors

  @Test(
    arguments: [
      ("LINEAR", [-1.5, 0.5]),
      ("POLY", [-1.25, 1.0]),
      ("RBF", [0.082085, 0.92259094]),
      ("SIGMOID", [0.48010337, 0.88079708]),
    ] as [(String, [Float])])
  func supportVectorRegressor(_ kernel: String, _ wanted: [Float]) throws {
    let attributes: Attributes = [
      "coefficients": .floats([1, -0.5]), "n_supports": .int(2), "kernel_type": .string(ByteString(kernel)),
      "kernel_params": .floats([0.5, 1, 2]), "rho": .floats([0.5]), "support_vectors": .floats([0, 1, 1, -1]),
    ]
    let x = Tensor([1, -1, 0, 0] as [Float], shape: [2, 2])
    expect(try evaluate(name("SVMRegressor"), [x], attributes)[0], Tensor(wanted, shape: [2, 1]))
  }

  @Test func supportVectorClassifier() throws {
    var attributes: Attributes = [
      "classlabels_strings": .strings(["a", "b"]), "coefficients": .floats([1, -1]),
      "vectors_per_class": .ints([1, 1]),
      "rho": .floats([0]), "support_vectors": .floats([1, 0, 0, 1]), "kernel_type": .string("LINEAR"),
    ]
    let x = Tensor([3, 1, 0, 2] as [Float], shape: [2, 2])
    let results = try evaluate(name("SVMClassifier"), [x], attributes, results: 2)
    #expect(results[0].strings == ["a", "b"])
    expect(results[1], Tensor([-2, 2, 2, -2] as [Float], shape: [2, 2]))
    attributes["rho"] = .floats([0, 1])
    #expect(throws: OpError.self) { try evaluate(name("SVMClassifier"), [x], attributes, results: 2) }
  }

  // MARK: Trees

  /// A root that asks whether feature 0 is at most 0, and two leaves.
  private static let stump: Attributes = [
    "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]), "nodes_featureids": .ints([0, 0, 0]),
    "nodes_values": .floats([0, 0, 0]), "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
    "nodes_truenodeids": .ints([1, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 0]),
    "nodes_missing_value_tracks_true": .ints([1, 0, 0]),
  ]

  private func stump(_ prefix: String, ids: [Int64], weights: [Float], _ more: Attributes = [:]) -> Attributes {
    var attributes = ClassicalTests.stump
    attributes["\(prefix)_treeids"] = .ints([0, 0])
    attributes["\(prefix)_nodeids"] = .ints([1, 2])
    attributes["\(prefix)_ids"] = .ints(ids)
    attributes["\(prefix)_weights"] = .floats(weights)
    for (name, value) in more { attributes[name] = value }
    return attributes
  }

  private let features = Tensor([0.3, -0.2, .nan] as [Float], shape: [3, 1])

  @Test func treeRegressor() throws {
    let attributes = stump(
      "target", ids: [0, 0], weights: [0.2, 0.7], ["n_targets": .int(1), "base_values": .floats([1])])
    let result = try evaluate(name("TreeEnsembleRegressor"), [features], attributes)[0]
    expect(result, Tensor([1.7, 1.2, 1.2] as [Float], shape: [3, 1]))
  }

  @Test(
    arguments: [
      ([0.2, 0.7], "NONE", [9, 7, 7], [0.3, 0.7, 0.8, 0.2, 0.8, 0.2]),
      ([-0.2, 0.7], "NONE", [9, 7, 7], [-0.7, 0.7, 0.2, -0.2, 0.2, -0.2]),
      ([-0.2, 0.7], "LOGISTIC", [9, 7, 7], [0.33181226, 0.66818774, 0.54983395, 0.45016605, 0.54983395, 0.45016605]),
    ] as [([Float], String, [Int64], [Float])])
  func treesOfOneScore(_ weights: [Float], _ transform: String, _ labels: [Int64], _ scores: [Float]) throws {
    let more: Attributes = ["classlabels_int64s": .ints([7, 9]), "post_transform": .string(ByteString(transform))]
    let attributes = stump("class", ids: [0, 0], weights: weights, more)
    let results = try evaluate(name("TreeEnsembleClassifier"), [features], attributes, results: 2)
    expect(results[0], Tensor(labels))
    expect(results[1], Tensor(scores, shape: [3, 2]))
  }

  @Test func treesOfThreeClasses() throws {
    let more: Attributes = ["classlabels_strings": .strings(["x", "y", "z"])]
    let attributes = stump("class", ids: [0, 1], weights: [-0.2, 0.7], more)
    let results = try evaluate(name("TreeEnsembleClassifier"), [features], attributes, results: 2)
    #expect(results[0].strings == ["y", "x", "x"])
    expect(results[1], Tensor([0, 0.7, 0, -0.2, 0, 0, -0.2, 0, 0] as [Float], shape: [3, 3]))
  }

  @Test func treesThatAreRefused() throws {
    func refuses(_ name: String, _ value: Attribute, _ message: String) {
      let attributes = stump("target", ids: [0, 0], weights: [0, 0], ["n_targets": .int(1), name: value])
      #expect(throws: OpError(message)) {
        try evaluate(self.name("TreeEnsembleRegressor"), [features], attributes)
      }
    }
    refuses("nodes_truenodeids", .ints([0, 0, 0]), "a tree goes in a circle")
    refuses("nodes_truenodeids", .ints([5, 0, 0]), "tree 0 leads to node 5, which is not there")
    refuses("nodes_featureids", .ints([1, 0, 0]), "a tree asks for feature 1, and a row has 1")
    refuses("nodes_nodeids", .ints([0, 1, 1]), "node 1 of tree 0 is there twice")
    refuses("target_ids", .ints([0, 3]), "a leaf votes for target 3 of 1")
  }

  @Test(arguments: [(0, [0.75, 0.25]), (1, [1.5, 0.5]), (2, [0.5, 0.5]), (3, [1.0, 0.5])] as [(Int64, [Float])])
  func ensemble(_ aggregate: Int64, _ wanted: [Float]) throws {
    // Two trees: members 1 and 3 against the rest, and a leaf alone.
    let attributes: Attributes = [
      "tree_roots": .ints([0, 1]), "nodes_featureids": .ints([0, 0]),
      "nodes_modes": .tensor(Tensor([6, 0] as [UInt8])),
      "nodes_splits": .tensor(Tensor([0, 0] as [Float])), "nodes_truenodeids": .ints([0, 2]),
      "nodes_falsenodeids": .ints([1, 2]), "nodes_trueleafs": .ints([1, 1]), "nodes_falseleafs": .ints([1, 1]),
      "membership_values": .tensor(Tensor([1, 3, .nan] as [Float])),
      "leaf_weights": .tensor(Tensor([1, 0, 0.5] as [Float])),
      "leaf_targetids": .ints([0, 1, 0]), "n_targets": .int(2), "aggregate_function": .int(aggregate),
    ]
    let x = Tensor([3, 2] as [Float], shape: [2, 1])
    let result = try evaluate(name("TreeEnsemble"), [x], attributes)[0]
    expect(result, Tensor([wanted[0], 0, wanted[1], 0], shape: [2, 2]))
  }

  // MARK: Encoders

  @Test func labelEncoder() throws {
    let x = try strings(["a", "z", "b", "a"])
    let keys: Attributes = [
      "keys_strings": .strings(["a", "b", "a"]), "values_int64s": .ints([1, 2, 3]), "default_int64": .int(42),
    ]
    expect(try evaluate(name("LabelEncoder"), [x], keys)[0], Tensor([3, 42, 2, 3] as [Int64]))
    let numbers: Attributes = ["keys_floats": .floats([.nan, 0]), "values_strings": .strings(["none", "zero"])]
    let result = try evaluate(name("LabelEncoder"), [Tensor([-0.0, .nan, 1] as [Float])], numbers)[0]
    #expect(result.strings == ["zero", "none", "_Unused"])
    #expect(throws: OpError("operand 0: expected f32, got i64")) {
      try evaluate(name("LabelEncoder"), [Tensor([1] as [Int64])], numbers)
    }
    #expect(throws: OpError("expected as many keys as values, got 1 and 2")) {
      try evaluate(name("LabelEncoder"), [x], ["keys_strings": .strings(["a"]), "values_int64s": .ints([1, 2])])
    }
  }

  @Test func categoryMapper() throws {
    let attributes: Attributes = [
      "cats_strings": .strings(["a", "b"]), "cats_int64s": .ints([7, 9]), "default_int64": .int(-5),
    ]
    expect(try evaluate(name("CategoryMapper"), [strings(["b", "c"])], attributes)[0], Tensor([9, -5] as [Int64]))
    #expect(
      try evaluate(name("CategoryMapper"), [Tensor([7, 8] as [Int64])], attributes)[0].strings == ["a", "_Unused"])
  }

  @Test func oneHotEncoder() throws {
    let attributes: Attributes = ["cats_int64s": .ints([5, -1]), "zeros": .int(0)]
    let result = try evaluate(name("OneHotEncoder"), [Tensor([-1, 5.5] as [Float])], attributes)[0]
    expect(result, Tensor([0, 1, 1, 0] as [Float], shape: [2, 2]))
    #expect(throws: OpError("element 0 is none of the categories, and 'zeros' is 0")) {
      try evaluate(name("OneHotEncoder"), [Tensor([4] as [Int64])], attributes)
    }
    #expect(
      try infer(name("OneHotEncoder"), [.tensor(.string, [.symbol("N")])], ["cats_strings": .strings(["a"])])
        == [.tensor(.float32, [.symbol("N"), 1])])
  }

  // MARK: Features

  @Test func rescaling() throws {
    let x = Tensor([3, -4, 0, 0] as [Float], shape: [2, 2])
    let norms: [(String, [Float])] = [
      ("MAX", [1, -4 / 3, 0, 0]), ("L1", [3 / 7, -4 / 7, 0, 0]), ("L2", [0.6, -0.8, 0, 0]),
    ]
    for (norm, wanted) in norms {
      let result = try evaluate(name("Normalizer"), [x], ["norm": .string(ByteString(norm))])[0]
      expect(result, Tensor(wanted, shape: [2, 2]))
    }
    let scaled = try evaluate(
      name("Scaler"), [Tensor([3, -4, 0, 0] as [Int64], shape: [2, 2])],
      ["offset": .floats([1]), "scale": .floats([2, 0.5])])
    expect(scaled[0], Tensor([4, -2.5, -2, -0.5] as [Float], shape: [2, 2]))
    let binary = try evaluate(name("Binarizer"), [Tensor([1, 2, 3] as [Int32])], ["threshold": .float(1.5)])
    expect(binary[0], Tensor([0, 1, 1] as [Int32]))
    let filled = try evaluate(
      name("Imputer"), [Tensor([.nan, 1, 2, .nan] as [Float], shape: [2, 2])],
      ["imputed_value_floats": .floats([7, 8]), "replaced_value_float": .float(.nan)])
    expect(filled[0], Tensor([7, 1, 2, 8] as [Float], shape: [2, 2]))
    #expect(throws: OpError("'scale' expected 1 or 2 numbers, got 3")) {
      try evaluate(name("Scaler"), [x], ["scale": .floats([1, 2, 3])])
    }
  }

  @Test func pickingAndJoining() throws {
    let x = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3])
    let picked = try evaluate(name("ArrayFeatureExtractor"), [x, Tensor([2, 0] as [Int64])])[0]
    expect(picked, Tensor([2, 0, 5, 3] as [Float], shape: [2, 2]))
    #expect(throws: OpError("an index expected in 0..<3, got 3")) {
      try evaluate(name("ArrayFeatureExtractor"), [x, Tensor([3] as [Int64])])
    }
    let joined = try evaluate(
      name("FeatureVectorizer"), [x, Tensor([7, 8] as [Float], shape: [2, 1])], ["inputdimensions": .ints([2, 2])])[0]
    expect(joined, Tensor([0, 1, 7, 0, 3, 4, 8, 0] as [Float], shape: [2, 4]))
  }
}

internal import DecantIR

extension Forest {
  /// From the attributes of `TreeEnsemble`: branches and leaves in lists of their own.
  ///
  /// - Throws: ``OpError`` for lists of unequal lengths, and for places that they do not have.
  init(branchLists attributes: Attributes) throws(OpError) {
    let features = attributes.ints("nodes_featureids") ?? []
    let count = features.count
    func list(_ name: String) throws(OpError) -> [Int] { try Forest.integers(name, attributes, count: count) }
    let (modes, splits) = (try Forest.tensor("nodes_modes", attributes), try Forest.tensor("nodes_splits", attributes))
    let (yes, no) = (try list("nodes_truenodeids"), try list("nodes_falsenodeids"))
    let (yesIsLeaf, noIsLeaf) = (try list("nodes_trueleafs"), try list("nodes_falseleafs"))
    let missing = try Forest.missing(attributes, count: count)
    guard modes.count == count, splits.count == count else {
      throw OpError("expected \(count) modes and splits, got \(modes.count) and \(splits.count)")
    }
    try readLeaves(attributes)
    for index in 0..<count {
      guard let mode = Int(exactly: modes[index]).flatMap({ Mode(rawValue: $0) }) else {
        throw OpError("'nodes_modes' expected numbers from 0 to 6, got \(modes[index])")
      }
      branches.append(
        Branch(
          mode: mode, feature: features[index], threshold: splits[index], missingGoesOn: missing[index],
          yes: try place(yes[index], isLeaf: yesIsLeaf[index] != 0, count),
          no: try place(no[index], isLeaf: noIsLeaf[index] != 0, count)))
    }
    try readMembers(attributes)
    for root in attributes.ints("tree_roots") ?? [] { roots.append(try place(root, isLeaf: false, count)) }
  }

  private mutating func readLeaves(_ attributes: Attributes) throws(OpError) {
    let weights = try Forest.tensor("leaf_weights", attributes)
    let targets = try Forest.integers("leaf_targetids", attributes, count: weights.count)
    leaves = zip(targets, weights).map { [Vote(target: $0, weight: $1)] }
  }

  /// Members stand in the order of the branches that ask for them, a NaN after each.
  private mutating func readMembers(_ attributes: Attributes) throws(OpError) {
    guard branches.contains(where: { $0.mode == .member }) else { return }
    let values = try Forest.tensor("membership_values", attributes)
    var start = 0
    for index in branches.indices where branches[index].mode == .member {
      guard let end = values[start...].firstIndex(where: \.isNaN) else {
        throw OpError("'membership_values' expected a list with a NaN after it for each branch that asks for members")
      }
      branches[index].members = Set(values[start..<end])
      start = end + 1
    }
  }

  private func place(_ number: Int, isLeaf: Bool, _ count: Int) throws(OpError) -> Place {
    let limit = isLeaf ? leaves.count : count
    guard number >= 0, number < limit else {
      throw OpError("a tree leads to \(isLeaf ? "leaf" : "node") \(number) of \(limit)")
    }
    return isLeaf ? .leaf(number) : .branch(number)
  }

  /// From the attributes of `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: branches and leaves in one list, by the
  /// numbers of trees and nodes, and votes in another.
  ///
  /// - Parameter votes: what names of attributes of votes begin with.
  /// - Throws: ``OpError`` for lists of unequal lengths, and for nodes that they do not have.
  init(nodeLists attributes: Attributes, votes prefix: String) throws(OpError) {
    let trees = attributes.ints("nodes_treeids") ?? []
    func list(_ name: String) throws(OpError) -> [Int] { try Forest.integers(name, attributes, count: trees.count) }
    let (nodes, features) = (try list("nodes_nodeids"), try list("nodes_featureids"))
    let (yes, no) = (try list("nodes_truenodeids"), try list("nodes_falsenodeids"))
    let thresholds = try Forest.numbers("nodes_values", attributes) ?? []
    let modes = attributes.strings("nodes_modes") ?? []
    let missing = try Forest.missing(attributes, count: trees.count)
    guard thresholds.count == trees.count, modes.count == trees.count else {
      throw OpError("expected \(trees.count) modes and values, got \(modes.count) and \(thresholds.count)")
    }
    let places = try addPlaces(trees, nodes, modes)
    for index in trees.indices {
      guard let mode = Mode(name: modes[index]) else { continue }
      func child(_ number: Int) throws(OpError) -> Place {
        guard let place = places[NodeKey(tree: trees[index], node: number)] else {
          throw OpError("tree \(trees[index]) leads to node \(number), which is not there")
        }
        return place
      }
      branches.append(
        Branch(
          mode: mode, feature: features[index], threshold: thresholds[index], missingGoesOn: missing[index],
          yes: try child(yes[index]), no: try child(no[index])))
    }
    try addVotes(attributes, prefix, places)
  }

  private struct NodeKey: Hashable {
    let tree: Int
    let node: Int
  }

  /// Numbers branches and leaves in the order of the list; the first node of a tree is its root.
  private mutating func addPlaces(
    _ trees: [Int], _ nodes: [Int], _ modes: [String]
  ) throws(OpError) -> [NodeKey: Place] {
    var places: [NodeKey: Place] = [:]
    var seen: Set<Int> = []
    var count = 0
    for index in trees.indices {
      let isLeaf = modes[index] == "LEAF"
      guard isLeaf || Mode(name: modes[index]) != nil else {
        throw OpError("'nodes_modes' expected 'LEAF' or the name of a branch, got '\(modes[index])'")
      }
      let place: Place = isLeaf ? .leaf(leaves.count) : .branch(count)
      if isLeaf { leaves.append([]) } else { count += 1 }
      guard places.updateValue(place, forKey: NodeKey(tree: trees[index], node: nodes[index])) == nil else {
        throw OpError("node \(nodes[index]) of tree \(trees[index]) is there twice")
      }
      if seen.insert(trees[index]).inserted { roots.append(place) }
    }
    return places
  }

  private mutating func addVotes(
    _ attributes: Attributes, _ prefix: String, _ places: [NodeKey: Place]
  ) throws(OpError) {
    let targets = attributes.ints("\(prefix)_ids") ?? []
    let trees = try Forest.integers("\(prefix)_treeids", attributes, count: targets.count)
    let nodes = try Forest.integers("\(prefix)_nodeids", attributes, count: targets.count)
    let weights = try Forest.numbers("\(prefix)_weights", attributes) ?? []
    guard weights.count == targets.count else {
      throw OpError("'\(prefix)_weights' expected \(targets.count) numbers, got \(weights.count)")
    }
    for index in targets.indices {
      guard let place = places[NodeKey(tree: trees[index], node: nodes[index])] else {
        throw OpError("node \(nodes[index]) of tree \(trees[index]) votes, and is not there")
      }
      guard case .leaf(let leaf) = place else { continue }
      leaves[leaf].append(Vote(target: targets[index], weight: weights[index]))
    }
  }

  // MARK: Attributes

  private static func integers(_ name: String, _ attributes: Attributes, count: Int) throws(OpError) -> [Int] {
    let values = attributes.ints(name) ?? []
    guard values.count == count else { throw OpError("'\(name)' expected \(count) numbers, got \(values.count)") }
    return values
  }

  private static func missing(_ attributes: Attributes, count: Int) throws(OpError) -> [Bool] {
    let name = "nodes_missing_value_tracks_true"
    guard !(attributes.ints(name) ?? []).isEmpty else { return [Bool](repeating: false, count: count) }
    return try integers(name, attributes, count: count).map { $0 != 0 }
  }

  /// The numbers of a tensor.
  private static func tensor(_ name: String, _ attributes: Attributes) throws(OpError) -> [Double] {
    guard let tensor = attributes.tensor(name) else { throw OpError("attribute '\(name)' is missing") }
    guard let values = try tensor.converted(to: Double.self, what: "'\(name)'").array(of: Double.self) else {
      throw OpError("the data of '\(name)' is not here")
    }
    return values
  }

  /// The numbers of a list, or of the tensor that stands for it where they are doubles; nil where neither is given.
  static func numbers(_ name: String, _ attributes: Attributes) throws(OpError) -> [Double]? {
    if let values = attributes.floats(name), !values.isEmpty { return values.map { Double($0) } }
    guard attributes["\(name)_as_tensor"] != nil else { return nil }
    return try tensor("\(name)_as_tensor", attributes)
  }
}

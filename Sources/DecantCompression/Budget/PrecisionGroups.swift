public import DecantBytes
public import DecantForms
public import DecantIR
public import DecantRuntime

/// The weights of a model in groups that have to have the same number of bits, and what each number of bits costs.
///
/// Products of one activation belong together, for runtimes fuse them, as do all uses of one weight.
public struct PrecisionGroups: Sendable {
  /// Weights that share a format.
  public struct Group: Sendable {
    /// The nodes that read them, in order.
    public let nodes: [NodeID]
    /// The names of the nodes.
    public let names: [String]
    /// How many weights there are.
    public let elements: Int
    /// The bits that can be chosen, and how many bytes codes, scales and zero points then take; fewest bits first.
    public let choices: [(bits: Int, bytes: Int)]
    /// The weights, and whether they have their inputs first.
    fileprivate let weights: [(value: ValueID, isInputsFirst: Bool)]
  }

  /// The groups, in the order of the graph.
  public let groups: [Group]
  private let family: FormatFamily

  /// The groups of what `options` leaves to be quantized, for the numbers of bits in `bits`.
  ///
  /// - Parameter isSymmetric: whether blocks have no zero points; nil for none with 8 bits only.
  /// - Throws: `usage` for selectors that choose nothing, `unsupported` when nothing is left to quantize.
  public init(
    _ graph: Graph, _ options: WeightOnlyOptions, bits: [Int], isSymmetric: Bool?
  ) throws(DecantError) {
    let family = FormatFamily(
      blockSize: options.format.blockSize, isSymmetric: isSymmetric,
      choosesZeroPoints: options.algorithm.choosesZeroPoints)
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    var (gathered, groupOf): ([Gathered], [ValueID: Int]) = ([], [:])
    for node in graph.order where selection.reason(node) == nil {
      guard case .success(let site) = WeightSite.find(node, in: graph), let data = graph[site.weight].constant else {
        continue
      }
      let fitting = bits.sorted().filter { count in
        (try? family.format(count)).map { options.unfit(site, graph, $0) == nil } ?? false
      }
      guard !fitting.isEmpty else { continue }
      let anchors = [site.weight] + (site.use == .table ? [] : [graph[node].operand(0)].compactMap { $0 })
      let known = Set(anchors.compactMap { groupOf[$0] }).sorted()
      let target = known.first ?? gathered.count
      if known.isEmpty { gathered.append(Gathered(bits: fitting)) }
      gathered[target].add(node, site, data, fitting)
      for other in known.dropFirst() {
        gathered[target].absorb(gathered[other])
        gathered[other].nodes = []
      }
      for (value, group) in groupOf where known.dropFirst().contains(group) { groupOf[value] = target }
      for anchor in anchors { groupOf[anchor] = target }
    }
    let places = Dictionary(uniqueKeysWithValues: graph.order.enumerated().map { ($1, $0) })
    var groups: [Group] = []
    for one in gathered where !one.nodes.isEmpty && !one.bits.isEmpty {
      var choices: [(bits: Int, bytes: Int)] = []
      for count in one.bits {
        guard let format = try? family.format(count) else { continue }
        choices.append((count, one.weights.values.reduce(0) { $0 + $1.bytes(format) }))
      }
      let nodes = one.nodes.sorted { places[$0, default: 0] < places[$1, default: 0] }
      groups.append(
        Group(
          nodes: nodes, names: nodes.map { graph.label(of: $0) },
          elements: one.weights.values.reduce(0) { $0 + $1.rows * $1.columns }, choices: choices,
          weights: one.weights.sorted { $0.key.index < $1.key.index }.map { ($0.key, $0.value.isInputsFirst) }))
    }
    guard !groups.isEmpty else { throw DecantError(.unsupported, "the model has no weights to share bits among") }
    self.groups = groups
    self.family = family
  }

  /// What a quantizer is told when each group has the number of bits that `bits` gives for it; nil leaves a group in float.
  ///
  /// - Throws: `usage` for numbers that no file form has.
  public func formats(_ bits: [Int?]) throws(DecantError) -> [NodeID: BlockFormat] {
    var result: [NodeID: BlockFormat] = [:]
    for (group, count) in zip(groups, bits) {
      guard let count else { continue }
      do throws(OpError) {
        let format = try family.format(count)
        for node in group.nodes { result[node] = format }
      } catch {
        throw DecantError(.usage, error.message)
      }
    }
    return result
  }

  /// The squared error that rounding leaves in the weights of each group of `graph`, for each of its choices.
  ///
  /// - Throws: `malformed` for weights that are not finite, naming the element.
  public func roundingErrors(_ graph: Graph, threads: Int = Parallel.processors) throws(DecantError) -> [[Double]] {
    var result: [[Double]] = []
    for group in groups {
      var row = [Double](repeating: 0, count: group.choices.count)
      for weight in group.weights {
        guard let data = graph[weight.value].constant else { continue }
        do throws(OpError) {
          let matrix = try WeightMatrix(data, isInputsFirst: weight.isInputsFirst)
          for (index, choice) in group.choices.enumerated() {
            row[index] += PrecisionGroups.error(matrix, try family.format(choice.bits), threads: threads)
          }
        } catch {
          throw DecantError(error, at: ["weight '\(graph[weight.value].name)'"])
        }
      }
      result.append(row)
    }
    return result
  }

  private static func error(_ weight: WeightMatrix, _ format: BlockFormat, threads: Int) -> Double {
    let band = 64
    let sums = Parallel.map(count: (weight.rows + band - 1) / band, threads: threads) { index -> Double in
      let panel = weight.panel(index * band..<min((index + 1) * band, weight.rows))
      let values = RoundToNearest().code(panel, format, .float32).values
      return zip(values, panel.values).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    }
    return sums.reduce(0, +)
  }

  /// The formats of one block size.
  private struct FormatFamily {
    let blockSize: Int
    let isSymmetric: Bool?
    let choosesZeroPoints: Bool

    func format(_ bits: Int) throws(OpError) -> BlockFormat {
      try BlockFormat(
        bits: bits, blockSize: blockSize, isSymmetric: isSymmetric ?? (bits == 8 && !choosesZeroPoints))
    }
  }

  /// The extents of a weight as a product sees it.
  private struct Extents {
    let rows: Int
    let columns: Int
    let scaleBytes: Int
    let isInputsFirst: Bool

    /// How many bytes codes, scales and zero points take.
    func bytes(_ format: BlockFormat) -> Int {
      let blocks = format.blocks(columns)
      let codes = rows * ((blocks * format.blockSize * format.storedBits + 7) / 8)
      let zeroPoints = format.isSymmetric ? 0 : rows * ((blocks * format.storedBits + 7) / 8)
      return codes + rows * blocks * scaleBytes + zeroPoints
    }
  }

  private struct Gathered {
    var nodes: [NodeID] = []
    var bits: [Int]
    var weights: [ValueID: Extents] = [:]

    init(bits: [Int]) { self.bits = bits }

    mutating func add(_ node: NodeID, _ site: WeightSite, _ data: Tensor, _ fitting: [Int]) {
      nodes.append(node)
      bits.removeAll { !fitting.contains($0) }
      let (first, last) = (data.shape[data.rank - 2], data.shape[data.rank - 1])
      let isInputsFirst = site.use == .product(isInputsFirst: true)
      weights[site.weight] = Extents(
        rows: isInputsFirst ? last : first, columns: isInputsFirst ? first : last,
        scaleBytes: data.dataType == .float32 ? 4 : 2, isInputsFirst: isInputsFirst)
    }

    mutating func absorb(_ other: Gathered) {
      nodes += other.nodes
      bits.removeAll { !other.bits.contains($0) }
      weights.merge(other.weights) { mine, _ in mine }
    }
  }
}

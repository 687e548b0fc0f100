internal import DecantBytes
internal import DecantIR

/// A model in the form of the versions that it is written in.
///
/// A version that the caller asked for must be able to express every node. The version that the model came with is raised
/// to the lowest that can, and that is said.
struct VersionedModel {
  /// The model, its graphs in the older forms, its `source` stating the versions.
  private(set) var model: Model
  private let reporter: any Reporter

  init(_ model: Model, options: ONNXWriter.Options, reporter: any Reporter) throws(DecantError) {
    self.model = model
    self.reporter = reporter
    let (oldest, newest) = (OpsetTable.oldestWritten, Model.pinnedOpset)
    if let asked = options.opset, !(oldest...newest).contains(asked) {
      throw DecantError(.usage, "opset expected in \(oldest)...\(newest), got \(asked)")
    }
    let came = model.source.opset
    if options.opset == nil, let came, came < oldest {
      reporter.note("the model is written at opset \(oldest), the oldest that is written, instead of \(came)")
    }
    let target = options.opset ?? max(came ?? newest, oldest)
    let isAsked = options.opset != nil
    let written = try downgrade(&self.model.graph, to: target, isAsked: isAsked, as: "the model")
    // A model of other domains alone says nothing of ONNX's own operators, and need not start.
    let isStated =
      isAsked || came != nil || model.source.opsets.isEmpty || VersionedModel.usesStandard(self.model.graph)
    if isStated { self.model.source.setOpset(written) }
    if written >= 18 { SplitDowngrades.stateCounts(&self.model.graph) }
    for index in model.functions.indices {
      let own = model.functions[index].opsets.first { $0.domain.isEmpty }?.version
      let version = try downgrade(
        &self.model.functions[index].graph, to: options.opset ?? own.map { max($0, oldest) } ?? written,
        isAsked: isAsked,
        as: "function '\(model.functions[index].name)'")
      self.model.functions[index].setOpset(version)
      if version >= 18 { SplitDowngrades.stateCounts(&self.model.functions[index].graph) }
    }
    try importDomains()
    self.model.source.irVersion = isStated ? irVersion(came: came, written: written) : foreignIRVersion
  }

  /// Brings the graph to `target`, or to the lowest version above it that can express every node; returns the version.
  ///
  /// - Throws: `unsupported` when the caller asked for a version that cannot.
  private func downgrade(
    _ graph: inout Graph, to target: Int, isAsked: Bool, as subject: String
  ) throws(DecantError) -> Int {
    guard target < Model.pinnedOpset else { return target }
    var version = target
    var reasons: [String] = []
    let typed = Downgrade.typed(graph, model.functions)
    while version < Model.pinnedOpset {
      var older = typed
      do throws(OpsetTooLow) {
        try Downgrade(opset: version, expands: isAsked).run(&older, like: graph)
        graph = older
        break
      } catch {
        reasons.append(error.reason)
        version = max(error.needed, version + 1)
      }
    }
    guard let reason = reasons.first else { return version }
    guard !isAsked else {
      throw DecantError(
        .unsupported, "\(subject) cannot be written at opset \(target): \(reason)",
        note: "opset \(version) is the lowest that can express it")
    }
    reporter.warn(
      "\(subject) is written at opset \(version) instead of \(target): \(reasons.joined(separator: "; "))", at: [])
    return version
  }

  /// Makes sure that every domain that nodes use is imported.
  private mutating func importDomains() throws(DecantError) {
    var used: Set<OpName> = []
    VersionedModel.collect(model.graph, &used)
    for index in model.functions.indices {
      var own: Set<OpName> = []
      VersionedModel.collect(model.functions[index].graph, &own)
      try VersionedModel.check(own)
      for domain in Set(own.map(\.domain)).sorted() where !domain.isEmpty {
        model.functions[index].importDomain(domain)
      }
      used.insert(model.functions[index].name)
    }
    try VersionedModel.check(used)
    for domain in Set(used.map(\.domain)).sorted() where !domain.isEmpty {
      guard !model.source.opsets.contains(where: { $0.domain == domain }) else { continue }
      model.source.setOpset(OpsetTable.range(of: domain)?.upperBound ?? 1, domain: domain)
    }
  }

  private static func check(_ used: Set<OpName>) throws(DecantError) {
    guard let own = used.filter({ $0.domain == "decant" }).min() else { return }
    throw DecantError(.unsupported, "operator '\(own)' is Decant's own, and ONNX has none like it")
  }

  private static func usesStandard(_ graph: Graph) -> Bool {
    var used: Set<OpName> = []
    collect(graph, &used)
    return used.contains { $0.domain.isEmpty }
  }

  private static func collect(_ graph: Graph, _ used: inout Set<OpName>) {
    for node in graph.order {
      used.insert(graph[node].op)
      guard !graph[node].attributes.isEmpty else { continue }
      for (_, subgraph) in graph[node].subgraphs { collect(subgraph, &used) }
    }
  }

  /// The version that a model without ONNX's own operators came with, or the lowest that can hold what it now has.
  private var foreignIRVersion: Int { max(model.source.irVersion, FormatNeeds(model).irVersion, 3) }

  /// The version that the model came with, or the lowest that can hold what it now has.
  private func irVersion(came: Int?, written: Int) -> Int {
    let needed = max(FormatNeeds(model).irVersion, 3)
    let usual = max(OpsetTable.irVersion(forOpset: written), needed)
    let source = model.source.irVersion
    guard source > 0, let came else { return usual }
    if written > came { return max(source, usual) }
    return written < came ? min(max(source, needed), max(usual, needed)) : max(source, needed)
  }
}

extension Function {
  mutating func setOpset(_ version: Int) {
    if let index = opsets.firstIndex(where: { $0.domain.isEmpty }) {
      opsets[index].version = version
    } else {
      opsets.append(OpsetImport(domain: "", version: version))
    }
  }

  mutating func importDomain(_ domain: String) {
    guard !opsets.contains(where: { $0.domain == domain }) else { return }
    opsets.append(OpsetImport(domain: domain, version: OpsetTable.range(of: domain)?.upperBound ?? 1))
  }
}

internal import Decant

extension PrecisionAccount {
  /// The bits of each group, and the neighbours of what was chosen.
  var text: String {
    var table = Table(["nodes", "bits"], leading: 1)
    for (names, bits) in zip(groups, chosen.bits) {
      let others = names.count > 1 ? " and \(names.count - 1) more" : ""
      table.add((names.first ?? "") + others, "\(bits)")
    }
    var points = Table(["configuration", "mean bits", "size", "1 - cosine"], leading: 1)
    for (name, point) in [("cheaper", cheaper), ("chosen", chosen), ("dearer", dearer)] {
      guard let point else { continue }
      points.add(
        name, Format.decimals(point.meanBits, 2), Format.bytes(point.bytes),
        point.drop.map(Format.short) ?? "not measured")
    }
    return table.text + points.text + "\(measured) configurations measured on \(runs) runs\n"
  }

  /// The same, for programs.
  var document: JSONObject {
    func figures(_ point: Point) -> JSON {
      .object([
        "mean_bits": .number(point.meanBits), "bytes": .integer(point.bytes),
        "drop": point.drop.map { .number($0) } ?? .null, "bits": .array(point.bits.map { .integer($0) }),
      ])
    }
    return [
      "groups": .array(groups.map { .array($0.map { .string($0) }) }), "chosen": figures(chosen),
      "cheaper": cheaper.map(figures) ?? .null, "dearer": dearer.map(figures) ?? .null,
      "measured": .integer(measured), "runs": .integer(runs),
    ]
  }
}

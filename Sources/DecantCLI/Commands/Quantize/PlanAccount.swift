internal import Decant

/// A plan as text and as JSON: what would be quantized, how large and how fast the model would be.
struct PlanAccount {
  let report: QuantizationReport
  let forecast: QuantizationForecast
  /// How many bytes the float model has as a file, and how many the quantized one would have.
  let bytes: Int
  let plannedBytes: Int
  /// Whether the text lists every node.
  let explains: Bool

  var text: String {
    let planned = report.decisions.count(where: \.isQuantized)
    let share = bytes > 0 ? " (\(Format.decimals(100 * Double(plannedBytes) / Double(bytes), 1)) %)" : ""
    var text = "plan: \(planned) of \(report.decisions.count) nodes, \(report.weights) weights and constants\n"
    text += "size: \(Format.count(bytes)) bytes now, \(Format.count(plannedBytes)) planned\(share)\n"
    text += PlanAccount.text(forecast)
    guard explains else { return text }
    var table = Table(["node", "operator", "status", "rule", "outcome"], leading: 5)
    for decision in report.decisions {
      table.add(decision.node, decision.op.description, decision.status.rawValue, decision.rule, decision.outcome)
    }
    return text + table.text
  }

  /// Speed by kind of work, and what becomes of pairs.
  static func text(_ forecast: QuantizationForecast) -> String {
    guard forecast.target != .generic else {
      return "speed: not known for generic; '--target' names where the model will run\n"
    }
    let total = forecast.work.shares.reduce(0) { $0 + $1.multiplications }
    var table = Table(["work", "nodes", "share %", "one row", "many rows", "rests on"], leading: 1)
    for share in forecast.work.shares {
      let part = total > 0 ? Format.decimals(100 * share.multiplications / total, 1) : "-"
      table.add(
        share.work.rawValue, "\(share.nodes)", part, factor(share.speed?.oneRow), factor(share.speed?.manyRows),
        share.work.isFloat ? "" : share.speed?.basis.rawValue ?? "not known")
    }
    let (oneRow, manyRows) = (forecast.work.oneRow, forecast.work.manyRows)
    table.add("all products", "", "", factor(oneRow), factor(manyRows), "")
    var text = "speed against float32 on \(forecast.target.rawValue), table \(forecast.tableVersion):\n" + table.text
    guard let fusion = forecast.fusion else { return text }
    text += "pairs: of \(fusion.quantizing) QuantizeLinear and \(fusion.dequantizing) DequantizeLinear "
    return text + "\(fusion.survivingQuantizing) and \(fusion.survivingDequantizing) are left after fusion\n"
  }

  private static func factor(_ speed: Double?) -> String { speed.map { Format.decimals($0, 2) + "x" } ?? "?" }

  /// The same, for programs.
  var document: JSONObject {
    let nodes = report.decisions.map { decision -> JSON in
      .object([
        "name": .string(decision.node), "op": .string(decision.op.description),
        "status": .string(decision.status.rawValue), "quantized": .bool(decision.isQuantized),
        "rule": .string(decision.rule), "outcome": .string(decision.outcome),
      ])
    }
    return [
      "bytes": .integer(bytes), "planned_bytes": .integer(plannedBytes), "weights": .integer(report.weights),
      "skipped": .integer(report.skipped.count), "forecast": .object(PlanAccount.document(forecast)),
      "nodes": .array(nodes),
    ]
  }

  /// A forecast for programs.
  static func document(_ forecast: QuantizationForecast) -> JSONObject {
    func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    let work = forecast.work.shares.map { share -> JSON in
      .object([
        "work": .string(share.work.rawValue), "nodes": .integer(share.nodes),
        "multiplications": .number(share.multiplications), "speed_one_row": number(share.speed?.oneRow),
        "speed_many_rows": number(share.speed?.manyRows),
        "basis": share.speed.map { .string($0.basis.rawValue) } ?? .null,
      ])
    }
    let pairs: JSON =
      forecast.fusion.map { fusion in
        .object([
          "quantize": .integer(fusion.quantizing), "dequantize": .integer(fusion.dequantizing),
          "quantize_left": .integer(fusion.survivingQuantizing),
          "dequantize_left": .integer(fusion.survivingDequantizing),
        ])
      } ?? .null
    return [
      "target": .string(forecast.target.rawValue), "table": .string(forecast.tableVersion), "work": .array(work),
      "speed_one_row": number(forecast.work.oneRow),
      "speed_many_rows": number(forecast.work.manyRows),
      "pairs": pairs, "warnings": .array(forecast.warnings.map { .string($0) }),
    ]
  }
}

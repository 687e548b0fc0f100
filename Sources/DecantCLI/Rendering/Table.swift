internal import Decant

/// Columns of text: the first ones flush left, the rest flush right.
struct Table {
  private var rows: [[String]] = []
  private let leading: Int

  /// - Parameter leading: how many columns are flush left.
  init(_ header: [String] = [], leading: Int = 1) {
    self.leading = leading
    if !header.isEmpty { rows.append(header) }
  }

  mutating func add(_ cells: String...) { rows.append(cells) }

  var text: String {
    let escaped = rows.map { $0.map(TerminalText.escape) }
    let columns = escaped.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      escaped.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return escaped.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column < leading ? cell + padding : padding + cell
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// A table of a terminal.
package enum TextTable {
  /// Columns side by side, each as wide as its widest cell.
  /// - Parameter rows: as many cells each.
  package static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .replacing(#/ +$/#, with: "")
    }.joined(separator: "\n")
  }
}

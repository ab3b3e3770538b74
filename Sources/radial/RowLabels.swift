import OfflineScoring
import RowFiles

/// The labels of rows, one a row, from a file of their own: numbers in any form that rows have, or a text with one a line.
enum RowLabels {
  /// - Throws: for a file that is neither.
  static func read(_ path: String) throws -> [String] {
    if path != "-", try isText(path) { return try LabelList.names(path) }
    do {
      let file = try RowFile(path: path, shape: [1], options: RowFile.Options())
      let block = RowBlock(width: 1, capacity: 1 << 16)
      var labels: [String] = []
      while try file.cut(into: block) {
        file.parse(block)
        if let problem = block.problems.first { throw OfflineFailure(problem.description) }
        for row in 0..<block.count {
          let value = block.rows[row]
          labels.append(value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)")
        }
      }
      return labels
    } catch let error as RowFileError {
      throw OfflineFailure(error)
    }
  }

  /// Whether a file's first line is a word, and no number.
  private static func isText(_ path: String) throws -> Bool {
    guard let file = try? RowFile(path: path, shape: [1], options: RowFile.Options()) else { return true }
    guard file.format == .csv else { return false }
    let block = RowBlock(width: 1, capacity: 16)
    guard (try? file.cut(into: block)) == true else { return true }
    file.parse(block)
    return !block.problems.isEmpty
  }
}

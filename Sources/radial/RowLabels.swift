import OfflineScoring
import RowFiles

/// The labels of rows, one a row, from a file of their own: numbers in any form that rows have, or a text with one a line.
enum RowLabels {
  /// - Throws: for a file that is neither.
  static func read(_ path: String) throws -> [String] {
    do {
      let file = try RowFile(path: path, shape: [1], options: RowFile.Options())
      let block = RowBlock(width: 1, capacity: 1 << 16)
      var labels: [String] = []
      while try file.cut(into: block) {
        file.parse(block)
        if let problem = block.problems.first {
          // Words, and no numbers: a pipe cannot be read again.
          if path != "-", file.format == .csv { return try LabelList.lines(of: path) }
          throw OfflineFailure(problem.description)
        }
        for row in 0..<block.count {
          let value = block.rows[row]
          labels.append(value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)")
        }
      }
      return labels
    } catch let error as RowFileError {
      // A text of words alone is no file of rows either.
      if path != "-", error.reason == .content, let words = try? LabelList.lines(of: path) { return words }
      throw OfflineFailure(error)
    }
  }
}

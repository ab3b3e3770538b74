import Glibc
import OfflineScoring
import RowFiles

/// The labels of rows, one a row, from a file of their own: numbers in any form that rows have, or a text with one a line.
enum RowLabels {
  /// As long as a text of labels may be.
  private static let maximumBytes = 1 << 30

  /// - Throws: for a file that is neither.
  static func read(_ path: String) throws -> [String] {
    do {
      let file = try RowFile(path: path, shape: [1], options: RowFile.Options())
      // Of a text the very words: a number's digits may be more than Float32 has, and 01 is not 1. A pipe cannot be read again.
      if file.format == .csv, isRegular(path) { return try words(of: path) }
      let block = RowBlock(width: 1, capacity: 1 << 16)
      var labels: [String] = []
      while try file.cut(into: block) {
        file.parse(block)
        if let problem = block.problems.first { throw OfflineFailure(problem.description) }
        for row in 0..<block.count {
          let value = block.rows[row]
          guard abs(value) < 0x1p24 else {
            throw OfflineFailure(
              "\(path): a label is \(value), and of such numbers not every digit is read here; write the labels as a text, one a line"
            )
          }
          labels.append(value == value.rounded() ? String(Int(value)) : "\(value)")
        }
      }
      return labels
    } catch let error as RowFileError {
      // A text of words alone is no file of rows either.
      if isRegular(path), error.reason == .content, let words = try? words(of: path) { return words }
      throw OfflineFailure(error)
    }
  }

  private static func isRegular(_ path: String) -> Bool {
    var information = stat()
    return path != "-" && stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
  }

  /// The lines, without a first one that stands above numbers and is none.
  private static func words(of path: String) throws -> [String] {
    let lines = try LabelList.lines(of: path, maximumBytes: maximumBytes)
    let hasHeader = lines.count > 1 && Double(lines[0]) == nil && lines.dropFirst().allSatisfy { Double($0) != nil }
    return hasHeader ? Array(lines.dropFirst()) : lines
  }
}

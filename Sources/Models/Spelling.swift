/// Which of the known names somebody meant who wrote another one.
package enum Spelling {
  /// The known name that is nearest to `word`, when it is near enough to be meant; nil: none is.
  ///
  /// Near means at most one change for every three characters, counted as optimal string alignment counts them (Damerau 1964; a swap of
  /// neighbours is one change). Capitals do not count.
  package static func suggestion(for word: String, among known: [String]) -> String? {
    // A longer word is nobody's slip, and the table grows with its square.
    guard word.utf8.count <= 128 else { return nil }
    let word = Array(word.lowercased())
    let ranked = known.map { (name: $0, changes: changes(word, Array($0.lowercased()))) }
    guard let best = ranked.min(by: { $0.changes < $1.changes }) else { return nil }
    return best.changes <= max(1, min(word.count, best.name.count) / 3) ? best.name : nil
  }

  /// "; did you mean 'NAME'?", or nothing when no known name is near.
  package static func question(for word: String, among known: [String]) -> String {
    suggestion(for: word, among: known).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// Insertions, removals, replacements and swaps of neighbours that make one of the other.
  private static func changes(_ one: [Character], _ other: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...other.count)
    for i in one.indices {
      var row = [i + 1]
      for j in other.indices {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
        if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[other.count]
  }
}

/// The words of names in camel or snake case.
enum Words {
  /// The words of a name in small letters, digits at the end of the word before them: `RBFLayer` is rbf and layer, `log_gamma` log
  /// and gamma, `GaussianRBF2D` gaussian, rbf2 and d.
  static func of(_ name: String) -> [String] {
    let letters = Array(name)
    let starts = acronyms(letters)
    var words: [String] = []
    var word = ""
    for (index, letter) in letters.enumerated() {
      guard letter.isLetter || letter.isNumber else {
        if !word.isEmpty { words.append(word) }
        word = ""
        continue
      }
      if !word.isEmpty, isBreak(letters, index, starts) {
        words.append(word)
        word = ""
      }
      word += letter.lowercased()
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  /// Whether a word, or what is left of it without the digits at its end, is one of `set`.
  static func isOne(_ word: String, of set: Set<String>) -> Bool {
    set.contains(word) || set.contains(String(word.reversed().drop { $0.isNumber }.reversed()))
  }

  /// Where one of the names begins that people write in capitals without a break behind: `RBFlayer`, `RBFNN`.
  private static func acronyms(_ letters: [Character]) -> Set<Int> {
    var starts: Set<Int> = []
    for index in letters.indices.dropLast(2)
    where index == 0 || !letters[index - 1].isUppercase {
      if ["RBF", "DUQ"].contains(String(letters[index..<index + 3])) { starts.insert(index) }
    }
    return starts
  }

  /// Whether a word begins at a letter that follows another: a capital behind a small letter or a digit, or one that a small letter
  /// follows; a letter behind a digit.
  private static func isBreak(_ letters: [Character], _ index: Int, _ starts: Set<Int>) -> Bool {
    let (letter, before) = (letters[index], letters[index - 1])
    if starts.contains(index) { return true }
    if starts.contains(index - 1) || starts.contains(index - 2) { return false }
    if starts.contains(index - 3) { return letter.isLetter }
    if letter.isLetter && before.isNumber { return true }
    guard letter.isUppercase else { return false }
    return !before.isUppercase || (index + 1 < letters.count && letters[index + 1].isLowercase)
  }
}

import RadialEngine

/// The members of a JSON object that is Radial's own: all that are there must be known, and of the type that is asked for.
///
/// A member that nobody looks at would be a wrong answer later: `"actvation": "relu"` served as a linear layer.
struct Members {
  private let values: [String: JSONValue]
  /// The members that it may have.
  private let known: [String]
  /// Of what object, for errors, such as `layer 'dense' (dense)`.
  private let owner: String
  private let path: String
  private let reason: ModelError.Reason

  /// - Parameters:
  ///   - known: every member that it may have.
  ///   - path: the file's.
  /// - Throws: when there is another member.
  init(
    _ values: [String: JSONValue], known: [String], of owner: String, path: String, _ reason: ModelError.Reason
  ) throws(ModelError) {
    (self.values, self.known, self.owner, self.path, self.reason) = (values, known, owner, path, reason)
    for name in values.keys.sorted() where !known.contains(name) {
      throw invalid(
        "unknown member '\(JSONValue.shortened(name))'\(Spelling.hint(for: name, among: known)), it may have \(known.joined(separator: ", ")); correct it or leave it out"
      )
    }
  }

  /// The refusal of the object.
  func invalid(_ sentence: String) -> ModelError { ModelError(reason, path, "\(owner): \(sentence)") }

  /// Whether a member is there.
  func has(_ name: String) -> Bool { value(name) != nil }

  /// A member as it stands; nil: it is missing.
  func value(_ name: String) -> JSONValue? {
    precondition(known.contains(name), "'\(name)' is read and not known")
    return values[name]
  }

  /// The refusal of a member that is missing, or is not what was expected.
  func wrong(_ name: String, expected: String) -> ModelError {
    invalid("'\(name)' is \(value(name)?.shown ?? "missing"), expected \(expected)")
  }

  /// - Parameter absent: what stands for a member that is missing; nil: it must be there.
  private func member<Value>(
    _ name: String, absent: Value?, expected: @autoclosure () -> String, _ read: (JSONValue) -> Value?
  ) throws(ModelError) -> Value {
    guard let value = value(name) else {
      guard let absent else { throw wrong(name, expected: expected()) }
      return absent
    }
    guard let read = read(value) else { throw wrong(name, expected: expected()) }
    return read
  }

  /// A whole number in a range.
  func count(
    _ name: String, in range: ClosedRange<Int> = 1...Network.maximumWidth, absent: Int? = nil
  ) throws(ModelError) -> Int {
    try member(name, absent: absent, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
      $0.integer.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// - Parameters:
  ///   - expected: in words.
  ///   - isFine: what the number must satisfy.
  func number(
    _ name: String, absent: Double? = nil, expected: String, where isFine: (Double) -> Bool
  ) throws(ModelError) -> Double {
    try member(name, absent: absent, expected: expected) { $0.number.flatMap { isFine($0) ? $0 : nil } }
  }

  /// True or false.
  func flag(_ name: String, absent: Bool? = nil) throws(ModelError) -> Bool {
    try member(name, absent: absent, expected: "true or false") { $0.flag }
  }

  /// A text that is not empty; nil: there is none.
  func optionalText(_ name: String, maximumBytes: Int) throws(ModelError) -> String? {
    guard has(name) else { return nil }
    return try text(name, maximumBytes: maximumBytes)
  }

  /// A text that is not empty.
  func text(_ name: String, maximumBytes: Int) throws(ModelError) -> String {
    try member(name, absent: nil, expected: "a text of 1 to \(maximumBytes) bytes") {
      $0.text.flatMap { (1...maximumBytes).contains($0.utf8.count) ? $0 : nil }
    }
  }

  /// Texts that are not empty; none where there is no such member.
  func optionalTexts(_ name: String, maximumCount: Int, maximumBytes: Int) throws(ModelError) -> [String] {
    guard has(name) else { return [] }
    return try member(
      name, absent: nil, expected: "at most \(maximumCount) texts of 1 to \(maximumBytes) bytes"
    ) { value in
      guard let values = value.array, values.count <= maximumCount else { return nil }
      let texts = values.compactMap { $0.text.flatMap { (1...maximumBytes).contains($0.utf8.count) ? $0 : nil } }
      return texts.count == values.count ? texts : nil
    }
  }

  /// One of a few words.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, absent: Choice? = nil
  ) throws(ModelError) -> Choice where Choice.RawValue == String {
    let words = Choice.allCases.map(\.rawValue)
    if let word = value(name)?.text, Choice(rawValue: word) == nil {
      throw invalid(
        "unknown \(name) '\(JSONValue.shortened(word))'\(Spelling.hint(for: word, among: words)), expected one of \(words.joined(separator: ", "))"
      )
    }
    return try member(name, absent: absent, expected: "one of \(words.joined(separator: ", "))") {
      $0.text.flatMap(Choice.init)
    }
  }

  /// Whole numbers, at most eight.
  func integers(_ name: String, expected: String) throws(ModelError) -> [Int] {
    try member(name, absent: nil, expected: expected) { value in
      guard let values = value.array, values.count <= 8 else { return nil }
      let numbers = values.compactMap(\.integer)
      return numbers.count == values.count ? numbers : nil
    }
  }

  /// [[top, bottom], [left, right]].
  func margins(_ name: String) throws(ModelError) -> Margins {
    let range = 0...Network.maximumWidth
    return try member(
      name, absent: nil, expected: "[[top, bottom], [left, right]], each from 0 to \(range.upperBound)"
    ) { value in
      let pairs = (value.array ?? []).compactMap { pair in
        pair.array?.compactMap { $0.integer.flatMap { range.contains($0) ? $0 : nil } }
      }
      guard value.array?.count == 2, pairs.count == 2, pairs.allSatisfy({ $0.count == 2 }) else { return nil }
      return Margins(top: pairs[0][0], bottom: pairs[0][1], left: pairs[1][0], right: pairs[1][1])
    }
  }

  /// [rows, columns], or one number for both.
  func extent(_ name: String, absent: Extent? = nil) throws(ModelError) -> Extent {
    let range = 1...Network.maximumWidth
    return try member(
      name, absent: absent, expected: "[rows, columns] or one number for both, from 1 to \(range.upperBound)"
    ) { value in
      let numbers = value.array?.map(\.integer) ?? [value.integer, value.integer]
      guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1], range.contains(rows),
        range.contains(columns)
      else { return nil }
      return Extent(rows: rows, columns: columns)
    }
  }
}

extension Members {
  /// The members of a metadata key's JSON.
  /// - Parameter text: the key's value.
  init(key: String, text: String, known: [String], path: String, _ reason: ModelError.Reason) throws(ModelError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(text)
    } catch {
      throw ModelError(reason, path, "'\(key)' is malformed (\(error)); export the model again")
    }
    guard let members = value.object else {
      throw ModelError(
        reason, path, "'\(key)' is malformed (it is \(value.shown), expected an object); export the model again")
    }
    try self.init(members, known: known, of: "'\(key)'", path: path, reason)
  }
}

extension Spelling {
  /// " (did you mean 'NAME'?)", for the middle of a sentence; nothing when no known name is near.
  static func hint(for word: String, among known: [String]) -> String {
    suggestion(for: word, among: known).map { " (did you mean '\($0)'?)" } ?? ""
  }
}

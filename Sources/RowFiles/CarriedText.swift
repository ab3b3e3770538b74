internal import JSON

/// A text that a row brings with it and that is none of its numbers: an id, a name, a label.
public struct CarriedText: Sendable, Equatable {
  /// UTF-8.
  public let bytes: ArraySlice<UInt8>
  /// Whether it is a JSON value as it was written; else it is the text itself.
  public let isJSON: Bool

  /// The text: of a JSON string what it stands for, else what was written.
  public var text: String {
    guard isJSON, bytes.first == UInt8(ascii: "\"") else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: JSONOutput.unescaped(bytes), as: UTF8.self)
  }
}

/// The texts that a block's good rows carry, row by row, [N, K].
struct CarriedTexts {
  /// K
  var columns = 0
  private var bytes: [UInt8] = []
  private var places: [(range: Range<Int>, isJSON: Bool)] = []

  subscript(row: Int, column: Int) -> CarriedText {
    let place = places[row * columns + column]
    return CarriedText(bytes: bytes[place.range], isJSON: place.isJSON)
  }

  /// Adds a text of the next column.
  mutating func append(_ text: some Collection<UInt8>, isJSON: Bool) {
    let start = bytes.count
    bytes.append(contentsOf: text)
    places.append((start..<bytes.count, isJSON))
  }

  /// Forgets all rows.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  /// Takes back what a row that turned out to be bad has brought.
  mutating func removeLast(_ count: Int) { places.removeLast(count) }
}

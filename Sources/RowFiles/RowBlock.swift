import Bytes
internal import CSVCore
import Glibc
internal import JSON

/// Some rows of a file: cut out of it as they lie there, then read into numbers. Reused, for its memory.
///
/// Legend: N rows, D numbers a row.
///
/// `@unchecked Sendable`: it may move between threads, and has one user at a time.
public final class RowBlock: @unchecked Sendable {
  /// No more rows are cut at a time.
  public let capacity: Int
  /// D
  public let width: Int
  /// N: the good rows, after `RowFile.parse`.
  public private(set) var count = 0
  /// Of each good row, counted from 0 over good and bad rows.
  public private(set) var numbers: [Int] = []
  /// The rows that are not good, in the file's order.
  public internal(set) var problems: [BadRow] = []

  /// How many integers of the rows no Float32 is equal to, and the first of them, in words.
  public internal(set) var rounded: (count: Int, first: String?) = (0, nil)
  /// The columns that the rows carry along.
  var carriedTexts = CarriedTexts()

  /// Where a row lies in `bytes`, and on which line; nil: lines do not count.
  struct Place {
    let offset: Int
    let length: Int
    let line: Int?
  }

  /// The cut text rows.
  private(set) var places: [Place] = []
  /// Rows that were cut, in either form.
  public internal(set) var cutRows = 0
  /// The number of the first of them.
  var firstRow = 0
  /// The text of the rows, or their numbers as they lie in the file.
  private let text: ByteBuffer
  private var floats: UnsafeMutablePointer<Float>?
  /// JSON nested deeper than this is refused.
  private static let maxDepth = 64
  private(set) lazy var parser = JSONParser(maxDepth: Self.maxDepth)

  /// The readers of text look so far beyond a line's end.
  private static let padding = max(JSONParser.padding, Int(CSV_PADDING))
  /// Text is cut no further once a block has as much.
  static let textBytes = 1 << 20

  /// - Parameters:
  ///   - width: D
  ///   - capacity: how many rows it holds.
  public init(width: Int, capacity: Int) {
    self.width = width
    self.capacity = capacity
    text = ByteBuffer(capacity: Self.textBytes)
  }

  deinit { floats?.deallocate() }

  /// Where the text, or the numbers, begin.
  var bytes: UnsafeMutableRawPointer { text.pointer }

  /// Of the text so far.
  var byteCount: Int { text.count }

  /// The good rows, [N, D]. Valid until the next cut.
  public var rows: UnsafePointer<Float> { UnsafePointer(target(inPlace: isInPlace)) }

  /// Where a good row came from, in words: `line 7`, or `rows[6]`.
  public func place(ofRow index: Int) -> String { place(ofCut: numbers[index] - firstRow) }

  /// Where a row that was cut stands in its file.
  func place(ofCut index: Int) -> String {
    guard !places.isEmpty, let line = places[index].line else { return "rows[\(firstRow + index)]" }
    return "line \(line)"
  }

  /// What a good row carries along in a column of `RowFile.carried`. Valid until the next cut.
  public func carried(row: Int, column: Int) -> CarriedText { carriedTexts[row, column] }

  /// Whether the file's bytes are the numbers already.
  var isInPlace = false

  /// Forgets the rows before.
  func begin(firstRow: Int) {
    self.firstRow = firstRow
    places.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    problems.removeAll(keepingCapacity: true)
    (count, cutRows, isInPlace) = (0, 0, false)
    text.removeAll()
    rounded = (0, nil)
    carriedTexts.removeAll()
  }

  /// Takes in a row's text, without its line's end.
  func append(line: UnsafeRawBufferPointer, number: Int?) {
    places.append(Place(offset: byteCount, length: line.count, line: number))
    text.append(line)
    text.append("\n")
    cutRows += 1
  }

  /// Makes room for `needed` bytes in all; those appended stay.
  func reserve(_ needed: Int) {
    text.reserve(needed - text.count)
  }

  /// Zeros behind the text: the parsers read past a line's end.
  func pad() {
    text.withSpare(Self.padding) { spare in _ = memset(spare.baseAddress!, 0, Self.padding) }
  }

  /// Where the next good row goes.
  func nextRow(inPlace: Bool) -> UnsafeMutablePointer<Float> { target(inPlace: inPlace) + count * width }

  /// The row at `nextRow` is good.
  func accept(cut index: Int) {
    numbers.append(firstRow + index)
    count += 1
  }

  private func target(inPlace: Bool) -> UnsafeMutablePointer<Float> {
    if inPlace { return bytes.assumingMemoryBound(to: Float.self) }
    if let floats { return floats }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, capacity * width) * MemoryLayout<Float>.stride, alignment: 64)
    let made = memory.bindMemory(to: Float.self, capacity: max(1, capacity * width))
    floats = made
    return made
  }
}

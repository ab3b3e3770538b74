/// Cuts one JSON document that holds a list of rows, `[[…],[…]]` or `{"instances":[…]}`, into its rows, however it is laid out.
struct JSONListCutter {
  /// Rows that were cut.
  private(set) var rows = 0
  private let longest: Int
  /// Whether the list stands in an object.
  private let isBody: Bool
  private var hasEnded = false

  /// What a text of JSON is, by its first bytes: a list of rows, an object with one, one row a line, or not known from so few bytes.
  enum Form: Equatable { case list, body, lines, undecided }

  /// Takes the stream to behind the list's opening bracket.
  init(_ form: Form, _ stream: ByteStream, width: Int) throws(RowFileError) {
    longest = (1 << 20) + 64 * width
    isBody = form == .body
    if isBody {
      guard case .found(let length) = Self.bodyPrefix(stream.window) else {
        preconditionFailure("a form that was detected")
      }
      stream.consume(length)
    } else {
      stream.consume((stream.window.firstIndex(of: UInt8(ascii: "[")) ?? 0) + 1)
    }
  }

  /// - Parameter shape: of a row. A nested row begins with brackets too: the first list of numbers decides, by how many it holds and how
  ///   deep it lies.
  static func detect(_ start: UnsafeRawBufferPointer, shape: [Int]) -> Form {
    switch bodyPrefix(start) {
    case .found: return .body
    case .cutShort: return .undecided
    case .other: break
    }
    var (depth, commas, hasNumber) = (0, 0, false)
    for byte in start {
      switch byte {
      case 0x20, 0x09, 0x0a, 0x0d: continue
      case UInt8(ascii: "["):
        if hasNumber { return .lines }
        depth += 1
      case UInt8(ascii: "{"): return depth == 1 ? .list : .lines
      case UInt8(ascii: "]"): return form(depth: depth, numbers: hasNumber ? commas + 1 : 0, shape)
      case UInt8(ascii: ","): commas += 1
      default:
        hasNumber = true
        if depth < 2 || shape.count == 1 { return depth == 2 ? .list : .lines }
      }
    }
    return .undecided
  }

  /// - Parameters:
  ///   - depth: of the first list of numbers.
  ///   - numbers: in it.
  private static func form(depth: Int, numbers: Int, _ shape: [Int]) -> Form {
    let width = shape.reduce(1, *)
    if depth == 1 { return numbers == 0 ? .list : .lines }
    if depth == 2, shape.count == 1 || numbers == width { return .list }
    // The forms in which one row may be nested, as `RowShape` says.
    var forms = [[width], shape]
    if shape.count > 1, shape.last == 1 { forms.append(shape.dropLast()) }
    if shape.count == 2 { forms.append(shape + [1]) }
    if forms.contains(where: { $0.count == depth && $0.last == numbers }) { return .lines }
    let isList = forms.contains { $0.count + 1 == depth && $0.last == numbers }
    return isList || depth > forms.map(\.count).max() ?? 0 ? .list : .lines
  }

  /// Fills `block` with rows; false: there are no more.
  mutating func cut(from stream: ByteStream, into block: RowBlock) throws(RowFileError) -> Bool {
    block.begin(firstRow: rows)
    while !hasEnded, block.cutRows < block.capacity, block.byteCount < RowBlock.textBytes {
      guard let first = try nextByte(stream) else { throw endsEarly(stream) }
      if first == UInt8(ascii: "]"), rows == 0 {
        stream.consume(1)
        try finish(stream)
        break
      }
      let length = try elementLength(stream)
      block.append(line: UnsafeRawBufferPointer(rebasing: stream.window[..<length]), number: nil)
      rows += 1
      stream.consume(length)
      switch try nextByte(stream) {
      case UInt8(ascii: ","): stream.consume(1)
      case UInt8(ascii: "]"):
        stream.consume(1)
        try finish(stream)
      case nil: throw endsEarly(stream)
      case let found?:
        throw invalid(stream, "is no valid JSON: expected ',' or ']' behind rows[\(rows - 1)], found byte \(found)")
      }
    }
    block.pad()
    return block.cutRows > 0
  }

  /// What follows the list: the object's end, and nothing more.
  private mutating func finish(_ stream: ByteStream) throws(RowFileError) {
    hasEnded = true
    if isBody {
      switch try nextByte(stream) {
      case UInt8(ascii: "}"): stream.consume(1)
      case nil: throw endsEarly(stream)
      default:
        throw invalid(
          stream, "has more than \"instances\" in its object; leave the others out, and say them with flags")
      }
    }
    guard try nextByte(stream) == nil else {
      throw invalid(stream, "has more text behind its list of rows; write one list a file, or one row a line")
    }
  }

  /// Consumes blanks; nil: the stream has ended.
  private func nextByte(_ stream: ByteStream) throws(RowFileError) -> UInt8? {
    while true {
      let blanks = stream.window.prefix { [0x20, 0x09, 0x0a, 0x0d].contains($0) }.count
      stream.consume(blanks)
      if let byte = stream.window.first { return byte }
      if try !stream.fill() { return nil }
    }
  }

  /// The length of the value that the window begins with: to its closing bracket, or to what ends a number or a word.
  private func elementLength(_ stream: ByteStream) throws(RowFileError) -> Int {
    var (offset, depth, isString, isEscaped) = (0, 0, false, false)
    while true {
      let window = stream.window
      while offset < window.count {
        let byte = window[offset]
        offset += 1
        if isString {
          if isEscaped {
            isEscaped = false
          } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
          } else if byte == UInt8(ascii: "\"") {
            isString = false
          }
          continue
        }
        switch byte {
        case UInt8(ascii: "\""): isString = true
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
          if depth == 0 { return offset - 1 }
          depth -= 1
          if depth == 0 { return offset }
        case UInt8(ascii: ","):
          if depth == 0 { return offset - 1 }
        default: break
        }
      }
      guard offset <= longest else {
        throw invalid(stream, "rows[\(rows)] is longer than \(longest) bytes; give each row a line of its own")
      }
      if try !stream.fill() { throw endsEarly(stream) }
    }
  }

  private enum Prefix {
    /// So many bytes.
    case found(Int)
    case cutShort, other
  }

  /// Whether a text begins with `{"instances":[`.
  private static func bodyPrefix(_ start: UnsafeRawBufferPointer) -> Prefix {
    var offset = 0
    for token in ["{", "\"instances\"", ":", "["] as [StaticString] {
      while offset < start.count, [0x20, 0x09, 0x0a, 0x0d].contains(start[offset]) { offset += 1 }
      for index in 0..<token.utf8CodeUnitCount {
        guard offset < start.count else { return .cutShort }
        guard start[offset] == token.utf8Start[index] else { return .other }
        offset += 1
      }
    }
    return .found(offset)
  }

  private func endsEarly(_ stream: ByteStream) -> RowFileError {
    invalid(stream, "ends within its list, behind \(rows) rows; copy it again")
  }

  private func invalid(_ stream: ByteStream, _ sentence: String) -> RowFileError {
    RowFileError(.content, stream.name, sentence)
  }
}

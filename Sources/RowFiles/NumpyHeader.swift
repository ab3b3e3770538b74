import Bytes

/// The header of NumPy's array file. Source: numpy.lib.format, "Format Version 1.0" to "3.0".
enum NumpyHeader {
  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

  /// Headers of real arrays have some hundred bytes; versions 2 and 3 exist for structured types.
  private static let longest = 1 << 20

  /// Reads the header; the stream stands at the first row then.
  /// - Parameter input: the shape of a row.
  static func read(_ stream: ByteStream, input: [Int]) throws(RowFileError) -> ArrayLayout {
    func invalid(_ sentence: String) -> RowFileError { RowFileError(.content, stream.name, sentence) }
    let damaged = "write it again with numpy.save"
    while stream.window.count < 12, try stream.fill() {}
    let start = stream.window
    guard start.count >= 12, start.starts(with: magic) else {
      throw invalid("is not an .npy file: its first bytes are not \\x93NUMPY; name the form with `input_format`")
    }
    let version = start[6]
    guard (1...3).contains(version) else {
      throw invalid("is .npy version \(version).\(start[7]), expected 1.0, 2.0 or 3.0; \(damaged)")
    }
    let prefix = version == 1 ? 10 : 12
    let length =
      Int(start[8]) | Int(start[9]) << 8 | (version == 1 ? 0 : Int(start[10]) << 16 | Int(start[11]) << 24)
    guard length <= longest else {
      throw invalid("its header claims \(length) bytes, expected at most \(longest); \(damaged)")
    }
    while stream.window.count < prefix + length, try stream.fill() {}
    guard stream.window.count >= prefix + length else {
      throw invalid("ends within its header of \(length) bytes; \(damaged)")
    }
    let text = String(decoding: stream.window[prefix..<prefix + length], as: UTF8.self)
    stream.consume(prefix + length)
    guard let entries = Entries(text) else {
      throw invalid("its header is malformed: '\(text.prefix(80))'; \(damaged)")
    }
    guard let element = Self.element(entries.type) else { throw invalid(Self.refusal(entries.type)) }
    return try ArrayLayout(
      element: element, shape: entries.shape, isFortran: entries.isFortranOrder, input: input, file: stream.name)
  }

  /// The element of a type string: byte order (none: this machine's), kind, bytes. Source: NumPy's "array interface", `typestr`.
  private static func element(_ type: String) -> ArrayElement? {
    let kinds: [Substring: NumberType] = [
      "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32,
      "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]
    let order = type.first.flatMap { "<>|=".contains($0) ? $0 : nil }
    guard let kind = kinds[order == nil ? type[...] : type.dropFirst()] else { return nil }
    return ArrayElement(type: kind, isBigEndian: order == ">")
  }

  private static func refusal(_ type: String) -> String {
    let kind = type.hasPrefix("[") || type.hasPrefix("(") ? "[" : type.drop { "<>|=".contains($0) }.prefix(1)
    let shown = type.prefix(40)
    switch kind {
    case "O":
      return "holds Python objects (a pickle, which is a program and is never run); write it again with a.astype('<f4')"
    case "[": return "is a structured array ('\(shown)…'); write its columns of numbers as one array of two dimensions"
    case "V": return "holds raw bytes ('\(shown)'); write its numbers as an array of '<f4'"
    case "c": return "holds complex numbers ('\(shown)'); write the real numbers that the model was trained on"
    case "f": return "holds numbers of extended precision ('\(shown)'); write it again with a.astype('<f8')"
    case "U", "S", "a": return "holds texts ('\(shown)'); write it again with a.astype('<f4')"
    case "M", "m": return "holds dates or times ('\(shown)'); write the numbers that the model was trained on"
    default:
      return "its numbers are '\(shown)', expected bool, integers or floats of 16 to 64 bits; "
        + "write it again with a.astype('<f4')"
    }
  }

  /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, its three entries in any order, each once, and nothing else.
  private struct Entries {
    var type = ""
    var isFortranOrder = false
    var shape: [Int] = []

    /// What has not been read of the text.
    private var rest: Substring

    init?(_ text: String) {
      rest = text[...]
      var seen: Set<String> = []
      guard take("{") else { return nil }
      while !take("}") {
        guard let key = string(), seen.insert(key).inserted, take(":"), value(of: key) else { return nil }
        guard take(",") || rest.first == "}" else { return nil }
      }
      skipBlanks()
      guard rest.isEmpty, seen.count == 3 else { return nil }
    }

    private mutating func value(of key: String) -> Bool {
      skipBlanks()
      switch key {
      case "descr":
        // A structured type is a list, or a pair: no type of ours, and its text is only shown.
        if rest.first == "[" || rest.first == "(" {
          type = String(rest.prefix { $0 != "]" })
          return skipNested()
        }
        guard let string = string() else { return false }
        type = string
      case "fortran_order":
        isFortranOrder = rest.hasPrefix("True")
        return take("True") || take("False")
      case "shape":
        guard take("(") else { return false }
        while !take(")") {
          let digits = rest.prefix { $0.isASCII && $0.isNumber }
          guard let dimension = Int(digits) else { return false }
          shape.append(dimension)
          rest = rest[digits.endIndex...]
          // Python 2 wrote 3L.
          _ = take("L")
          guard take(",") || rest.first == ")" else { return false }
        }
      default: return false
      }
      return true
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" } }

    /// Whether these characters are next; then they are read, and the blanks around them.
    private mutating func take(_ text: String) -> Bool {
      skipBlanks()
      guard rest.hasPrefix(text) else { return false }
      rest = rest.dropFirst(text.count)
      skipBlanks()
      return true
    }

    /// A text in quotes, of which none that we read has an escape.
    private mutating func string() -> String? {
      skipBlanks()
      guard let quote = rest.first, quote == "'" || quote == "\"",
        let close = rest.dropFirst().firstIndex(of: quote)
      else { return nil }
      defer { rest = rest[rest.index(after: close)...] }
      return String(rest[..<close].dropFirst())
    }

    /// Reads a list or a pair of anything to its closing bracket.
    private mutating func skipNested() -> Bool {
      var (depth, quote): (Int, Character?) = (0, nil)
      while let character = rest.popFirst() {
        if let open = quote {
          if character == open { quote = nil }
        } else if character == "'" || character == "\"" {
          quote = character
        } else if character == "[" || character == "(" {
          depth += 1
        } else if character == "]" || character == ")" {
          depth -= 1
          if depth == 0 { return true }
        }
      }
      return false
    }
  }
}

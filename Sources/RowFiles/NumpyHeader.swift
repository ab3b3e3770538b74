/// The header of NumPy's array file. Source: numpy.lib.format, "Format Version 1.0" to "3.0".
enum NumpyHeader {
  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

  /// Headers of real arrays have some hundred bytes; versions 2 and 3 exist for structured types.
  private static let longest = 1 << 20

  /// Reads the header; the stream stands at the first row then.
  /// - Parameter input: the shape of a row.
  static func read(_ stream: ByteStream, input: [Int]) throws(RowFileError) -> ArrayLayout {
    func refuse(_ sentence: String) -> RowFileError { RowFileError(.content, stream.name, sentence) }
    let damaged = "write it again with numpy.save"
    while stream.window.count < 12, try stream.fill() {}
    let start = stream.window
    guard start.count >= 12, start.starts(with: magic) else {
      throw refuse("is not an .npy file: its first bytes are not \\x93NUMPY; name the form with --input-format")
    }
    let version = start[6]
    guard (1...3).contains(version) else {
      throw refuse("is .npy version \(version).\(start[7]), expected 1.0, 2.0 or 3.0; \(damaged)")
    }
    let prefix = version == 1 ? 10 : 12
    let length =
      Int(start[8]) | Int(start[9]) << 8 | (version == 1 ? 0 : Int(start[10]) << 16 | Int(start[11]) << 24)
    guard length <= longest else {
      throw refuse("its header claims \(length) bytes, expected at most \(longest); \(damaged)")
    }
    while stream.window.count < prefix + length, try stream.fill() {}
    guard stream.window.count >= prefix + length else {
      throw refuse("ends within its header of \(length) bytes; \(damaged)")
    }
    let text = String(decoding: stream.window[prefix..<prefix + length], as: UTF8.self)
    stream.consume(prefix + length)
    guard let entries = Entries(text) else {
      throw refuse("its header is malformed: '\(text.prefix(80))'; \(damaged)")
    }
    guard let element = Self.element(entries.type) else { throw refuse(Self.refusal(entries.type)) }
    return try ArrayLayout(
      element: element, shape: entries.shape, isFortran: entries.isFortranOrder, input: input, file: stream.name)
  }

  /// The element of a type string: byte order, kind, bytes. Source: NumPy's "array interface", `typestr`.
  private static func element(_ type: String) -> ArrayElement? {
    let kinds: [Substring: ArrayElement.Kind] = [
      "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32,
      "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]
    guard let order = type.first, "<>|=".contains(order), let kind = kinds[type.dropFirst()] else { return nil }
    return ArrayElement(kind: kind, isBigEndian: order == ">")
  }

  private static func refusal(_ type: String) -> String {
    let kind = type.hasPrefix("[") ? "[" : type.drop { "<>|=".contains($0) }.prefix(1)
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

  /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, its entries in any order.
  private struct Entries {
    var type = ""
    var isFortranOrder = false
    var shape: [Int] = []

    init?(_ text: String) {
      guard let descr = Self.value(of: "descr", in: text), let order = Self.value(of: "fortran_order", in: text),
        let shape = Self.value(of: "shape", in: text), let quote = descr.first
      else { return nil }
      // A structured type is a list: its text is shown as it is.
      type =
        quote == "'" || quote == "\""
        ? String(descr.dropFirst().prefix { $0 != quote }) : String(descr.prefix { $0 != "]" })
      if order.hasPrefix("True") {
        isFortranOrder = true
      } else if !order.hasPrefix("False") {
        return nil
      }
      guard shape.first == "(", let close = shape.firstIndex(of: ")") else { return nil }
      for part in shape[shape.index(after: shape.startIndex)..<close].split(separator: ",") {
        let digits = part.filter { $0 != " " }
        if digits.isEmpty { continue }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let dimension = Int(digits) else { return nil }
        self.shape.append(dimension)
      }
    }

    private static func value(of key: String, in text: String) -> Substring? {
      for quote in ["'", "\""] {
        guard let found = text.firstRange(of: quote + key + quote) else { continue }
        let rest = text[found.upperBound...].drop { $0 == " " }
        guard rest.first == ":" else { return nil }
        return rest.dropFirst().drop { $0 == " " }
      }
      return nil
    }
  }
}

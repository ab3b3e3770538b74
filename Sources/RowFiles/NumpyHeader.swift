/// The header of NumPy's array file. Source: numpy.lib.format, "Format Version 1.0" to "3.0".
enum NumpyHeader {
  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

  /// Headers of real arrays have some hundred bytes; versions 2 and 3 exist for structured types.
  private static let longest = 1 << 20

  /// Reads the header; the stream stands at the first row then.
  static func read(_ stream: ByteStream, width: Int) throws(RowFileError) -> ArrayLayout {
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
    guard !entries.isFortranOrder || entries.shape.count <= 1 else {
      throw refuse(
        "is in Fortran order, expected C order; write it again with numpy.save(file, numpy.ascontiguousarray(a))")
    }
    let element: ArrayLayout.Element
    switch entries.type {
    case "<f4": element = .float32
    case "<f8": element = .float64
    case "|u1", "<u1": element = .uint8
    case let type where type.hasPrefix(">"):
      throw refuse(
        "its numbers are big-endian ('\(type)'), expected little-endian; write it again with a.astype('<f4')")
    case let type:
      throw refuse(
        "its numbers are '\(type)', expected float32 ('<f4'), float64 ('<f8') or uint8 ('|u1'); write it again with a.astype('<f4')"
      )
    }
    return try ArrayLayout(element: element, shape: entries.shape, width: width, file: stream.name)
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

import JSON

@testable import InferenceAPI

/// Decodes a body as a reactor does: with `room` for so many rows, nested sixteen levels at most.
/// - Returns: the numbers of the rows that were counted; all that there is room for; and what was asked of them.
func decode<Request>(
  _ body: [UInt8], shape: [Int], room: Int, expecting expected: StaticString, takesNonFinite: Bool,
  _ read: (borrowing JSONCursor, inout JSONRows) throws(JSONError) -> Request
) throws -> (rows: [Float], values: [Float], request: Request) {
  let shape = RowShape(shape)
  var values = [Float](repeating: .nan, count: shape.width * room)
  let padded = body + [UInt8](repeating: 0, count: JSONParser.padding)
  let (request, count) = try values.withUnsafeMutableBufferPointer { values in
    var rows = JSONRows(shape, at: values.baseAddress!, capacity: room)
    let request = try padded.withUnsafeBytes { bytes in
      try JSONParser(maxDepth: 16).read(
        UnsafeRawBufferPointer(rebasing: bytes[..<body.count]), expecting: expected, takesNonFinite: takesNonFinite
      ) { (json) throws(JSONError) in try read(json, &rows) }
    }
    return (request, rows.count)
  }
  return (Array(values.prefix(shape.width * count)), values, request)
}

/// The error of a decoder; nil: there was none.
func failure(_ body: () throws -> Void) -> JSONError? {
  do {
    try body()
    return nil
  } catch {
    return error as? JSONError
  }
}

/// A byte order mark in UTF-8.
let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

/// A name that has escapes and more than the 1,024 bytes that are looked at.
let longName = String(repeating: #"\u00e9"#, count: 600)

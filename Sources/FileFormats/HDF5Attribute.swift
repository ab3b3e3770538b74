/// A small named value of an object (IV.A.2.m).
struct HDF5Attribute {
  private static let maximumStrings = 1 << 20

  let name: String
  /// Behind the name: type, space and value.
  private let parts: (type: ByteSlice, space: ByteSlice, value: ByteSlice)
  private let what: String
  private let isShared: Bool

  /// - Parameter body: the message, wherever it is kept. It is looked into only as far as the name and the parts' sizes.
  init(_ body: ByteSlice, in file: HDF5File, of path: String) throws(FormatError) {
    let place = "an attribute of '\(path)'"
    let version = try body.integer(UInt8.self, at: 0, place)
    guard (1...3).contains(version) else { throw .damaged("\(place) has version \(version), expected 1 to 3") }
    let sizes = [
      Int(try body.integer(UInt16.self, at: 2, place)), Int(try body.integer(UInt16.self, at: 4, place)),
      Int(try body.integer(UInt16.self, at: 6, place)),
    ]
    // Version 1 pads each part to 8 bytes; version 3 has one byte more, the character set.
    let padded = version == 1 ? sizes.map { ($0 + 7) & ~7 } : sizes
    var offset = version == 3 ? 9 : 8
    try file.takeStep(bytes: sizes[0])
    name = String(decoding: try body.part(offset, sizes[0], place).array.prefix { $0 != 0 }, as: UTF8.self)
    what = "attribute '\(name)' of '\(path)'"
    offset += padded[0]
    let type = try body.part(offset, sizes[1], what)
    offset += padded[1]
    let space = try body.part(offset, sizes[2], what)
    offset += padded[2]
    parts = (type, space, try body.part(offset, max(0, body.count - offset), what))
    // Bits 0 and 1 of the flags, a reserved byte in version 1, say that type or space stand elsewhere.
    isShared = version > 1 ? try body.integer(UInt8.self, at: 1, what) & 3 != 0 : false
  }

  /// The text, one or an array.
  /// - Returns: nil: it is no text.
  func strings(in file: HDF5File) throws(FormatError) -> [String]? {
    guard !isShared else { throw .unsupported("\(what) shares its type with other objects") }
    let type = try HDF5Datatype(parts.type, what)
    let shape = try HDF5Dataspace.shape(parts.space, what)
    let data = try parts.value.part(0, HDF5Dataspace.bytes(shape, size: type.bytes, what), what)
    let count = data.count / type.bytes
    guard count <= Self.maximumStrings else { throw .damaged("\(what) has \(count) elements") }
    try file.takeStep(bytes: data.count)
    return switch type {
    case .fixedString(let bytes): try Self.fixed(data, bytes, count, what)
    case .variableString: try Self.variable(data, count, in: file, what)
    default: nil
    }
  }

  private static func fixed(_ data: ByteSlice, _ size: Int, _ count: Int, _ what: String) throws(FormatError)
    -> [String]
  {
    var strings: [String] = []
    for index in 0..<count {
      strings.append(String(decoding: try data.part(index * size, size, what).array.prefix { $0 != 0 }, as: UTF8.self))
    }
    return strings
  }

  /// Each element is a length, the address of a global heap collection and an index in it (III.E, IV.A.2.d class 9).
  private static func variable(
    _ data: ByteSlice, _ count: Int, in file: HDF5File, _ what: String
  ) throws(FormatError) -> [String] {
    var strings: [String] = []
    var total = 0
    for index in 0..<count {
      let length = Int(try data.integer(UInt32.self, at: 16 * index, what))
      let address = try data.integer(UInt64.self, at: 16 * index + 4, what)
      let number = try data.integer(UInt32.self, at: 16 * index + 12, what)
      // Many elements may name one text: all together are no longer than the file.
      total += length
      guard total <= file.bytes.count else { throw .damaged("\(what) claims more text than the file holds") }
      strings.append(
        length == 0
          ? "" : String(decoding: try heapObject(number, at: address, length, in: file, what).array, as: UTF8.self))
    }
    return strings
  }

  /// Object `number` of the global heap collection at `address` (III.E): 16 bytes, then objects with 16-byte heads, padded to 8.
  private static func heapObject(
    _ number: UInt32, at address: UInt64, _ length: Int, in file: HDF5File, _ what: String
  ) throws(FormatError) -> ByteSlice {
    let place = try file.place(address, what)
    guard file.bytes.has("GCOL", at: place) else { throw .damaged("\(what) names \(address), where no heap is") }
    let size = try file.bytes.integer(UInt64.self, at: place + 8, what)
    guard size <= UInt64(file.bytes.count) else { throw .damaged("the heap of \(what) claims \(size) bytes") }
    let collection = try file.part(address, Int(size), "the heap of \(what)")
    var offset = 16
    while offset + 16 <= collection.count {
      try file.takeStep()
      let found = try collection.integer(UInt16.self, at: offset, what)
      let stored = try collection.integer(UInt64.self, at: offset + 8, what)
      // Object 0 is the free space behind the last.
      guard found != 0, stored <= size else { break }
      if UInt32(found) == number {
        guard length <= Int(stored) else { throw .damaged("\(what) claims \(length) bytes of \(stored)") }
        return try collection.part(offset + 16, length, what)
      }
      offset += 16 + (Int(stored) + 7) & ~7
    }
    throw .damaged("\(what) names object \(number) of its heap, which has none such")
  }
}

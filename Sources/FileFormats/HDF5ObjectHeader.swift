/// The messages of an object: what it is, and where its parts lie (IV.A).
struct HDF5ObjectHeader {
  /// The messages that are needed (format specification, section IV.A.2).
  enum Kind: UInt16 {
    case dataspace = 0x01
    case linkInformation = 0x02
    case datatype = 0x03
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case filters = 0x0b
    case attribute = 0x0c
    case continuation = 0x10
    case symbolTable = 0x11
    case attributeInformation = 0x15
  }

  /// A message with its bytes.
  struct Message {
    let type: Kind
    let body: ByteSlice
  }

  private(set) var messages: [Message] = []

  /// Reads the header of an object, whichever version it has.
  init(at address: UInt64, in file: HDF5File, _ path: String) throws(FormatError) {
    let start = try file.place(address, "the object header of '\(path)'")
    if file.bytes.has("OHDR", at: start) {
      try readVersion2(file, start, path)
    } else {
      try readVersion1(file, start, path)
    }
  }

  /// The first message of a kind; nil: there is none.
  func first(_ type: Kind) -> ByteSlice? { messages.first { $0.type == type }?.body }

  /// The messages of all attributes: those of the header, and those in a fractal heap that an attribute info message names (IV.A.2.v).
  func attributes(in file: HDF5File, _ path: String) throws(FormatError) -> [ByteSlice] {
    var bodies = messages.filter { $0.type == .attribute }.map(\.body)
    guard let information = first(.attributeInformation) else { return bodies }
    let what = "the attributes of '\(path)'"
    guard let dense = try DenseStorage(information, creationIndexBytes: 2, what) else { return bodies }
    var heap = try HDF5FractalHeap(at: dense.heap, in: file, what)
    // Heap ID, flags, creation order, hash.
    let records = try HDF5BTree.records(
      at: dense.names, .attributeNames, recordBytes: heap.idBytes + 9, in: file, what)
    for record in records {
      guard try record.integer(UInt8.self, at: heap.idBytes, what) & 2 == 0 else {
        throw .unsupported("\(what) share a message with other objects")
      }
      bodies.append(try heap.object(record.part(0, heap.idBytes, what)))
    }
    return bodies
  }

  /// Version 1 (IV.A.1.a): 16 bytes, then blocks of messages with 8-byte heads.
  private mutating func readVersion1(_ file: HDF5File, _ start: Int, _ path: String) throws(FormatError) {
    let what = "the object header of '\(path)'"
    let version = try file.bytes.integer(UInt8.self, at: start, what)
    guard version == 1 else { throw .damaged("\(what) has version \(version), expected 1 or 2") }
    let size = try file.bytes.integer(UInt32.self, at: start + 8, what)
    try readBlocks(file, first: (start + 16, Int(size)), headBytes: 8, what) { (block, offset) throws(FormatError) in
      (
        try block.integer(UInt16.self, at: offset, what), try block.integer(UInt16.self, at: offset + 2, what),
        try block.integer(UInt8.self, at: offset + 4, what)
      )
    }
  }

  /// Version 2 (IV.A.1.b): signature, flags, optional fields, then messages with 4- or 6-byte heads; every block ends with a checksum.
  private mutating func readVersion2(_ file: HDF5File, _ start: Int, _ path: String) throws(FormatError) {
    let what = "the object header of '\(path)'"
    let version = try file.bytes.integer(UInt8.self, at: start + 4, what)
    guard version == 2 else { throw .damaged("\(what) has version \(version), expected 2 behind OHDR") }
    let flags = try file.bytes.integer(UInt8.self, at: start + 5, what)
    var offset = start + 6
    if flags & 0x20 != 0 { offset += 16 }
    if flags & 0x10 != 0 { offset += 4 }
    let size = try file.bytes.sized(flags & 3, at: offset, what)
    offset += 1 << Int(flags & 3)
    let headBytes = flags & 4 != 0 ? 6 : 4
    try readBlocks(file, first: (offset, size), headBytes: headBytes, what) { (block, offset) throws(FormatError) in
      (
        UInt16(try block.integer(UInt8.self, at: offset, what)), try block.integer(UInt16.self, at: offset + 1, what),
        try block.integer(UInt8.self, at: offset + 3, what)
      )
    }
  }

  /// Reads the messages of the first block and of those that continuation messages name, each block once.
  /// - Parameter head: type, size and flags of the message at an offset of a block.
  private mutating func readBlocks(
    _ file: HDF5File, first: (offset: Int, size: Int), headBytes: Int, _ what: String,
    head: (ByteSlice, Int) throws(FormatError) -> (type: UInt16, size: UInt16, flags: UInt8)
  ) throws(FormatError) {
    var blocks = [first]
    var seen: Set<Int> = []
    while let next = blocks.popLast() {
      guard seen.insert(next.offset).inserted else { throw .damaged("\(what) continues in a circle") }
      let block = try file.bytes.part(next.offset, next.size, what)
      var offset = 0
      while offset + headBytes <= block.count {
        try file.takeStep()
        let (type, size, flags) = try head(block, offset)
        let body = try block.part(offset + headBytes, Int(size), what)
        offset += headBytes + Int(size)
        guard let kind = Kind(rawValue: type) else { continue }
        // Shared messages (flag bit 1) name another place for their body.
        guard flags & 2 == 0 else { throw .unsupported("\(what) shares a message with other objects") }
        if kind == .continuation {
          let place = try file.place(body.integer(UInt64.self, at: 0, what), what)
          let size = try body.integer(UInt64.self, at: 8, what)
          guard size <= UInt64(file.bytes.count) else { throw .damaged("\(what) continues for \(size) bytes") }
          // A continuation of version 2 has a signature before its messages and a checksum behind them.
          let isVersion2 = headBytes != 8
          blocks.append(isVersion2 ? (place + 4, max(0, Int(size) - 8)) : (place, Int(size)))
        } else {
          messages.append(Message(type: kind, body: body))
        }
      }
    }
  }
}

/// Where a message about links or attributes says that they are kept outside the header: a heap, and its index by names.
struct DenseStorage {
  let heap: UInt64
  let names: UInt64

  /// - Parameter creationIndexBytes: of the optional field before the addresses.
  /// - Returns: nil: all are in the header.
  init?(_ information: ByteSlice, creationIndexBytes: Int, _ what: String) throws(FormatError) {
    let version = try information.integer(UInt8.self, at: 0, what)
    guard version == 0 else { throw .unsupported("the message about \(what) has version \(version)") }
    let flags = try information.integer(UInt8.self, at: 1, what)
    let offset = flags & 1 == 0 ? 2 : 2 + creationIndexBytes
    heap = try information.integer(UInt64.self, at: offset, what)
    guard heap != HDF5File.undefinedAddress else { return nil }
    names = try information.integer(UInt64.self, at: offset + 8, what)
  }
}

extension ByteSlice {
  /// An unsigned integer of 1, 2, 4 or 8 bytes: 2 to the power `code`.
  func sized(_ code: UInt8, at offset: Int, _ what: String) throws(FormatError) -> Int {
    let value =
      switch code {
      case 0: UInt64(try integer(UInt8.self, at: offset, what))
      case 1: UInt64(try integer(UInt16.self, at: offset, what))
      case 2: UInt64(try integer(UInt32.self, at: offset, what))
      default: try integer(UInt64.self, at: offset, what)
      }
    guard value < 1 << 62 else { throw .damaged("\(what) has the impossible size \(value)") }
    return Int(value)
  }
}

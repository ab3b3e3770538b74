/// The links of a group: name → address of an object header.
enum HDF5Group {
  /// No group that we read has more, and no name is longer; beyond that the file is damaged.
  private static let maximumLinks = 1 << 16
  private static let maximumNameBytes = 1024

  static func links(
    _ header: HDF5ObjectHeader, in file: HDF5File, _ path: String
  ) throws(FormatError) -> [String: UInt64] {
    if let table = header.first(.symbolTable) {
      return try oldStyle(table, in: file, "group '\(path)'")
    }
    return try newStyle(header, in: file, "group '\(path)'")
  }

  /// A B-tree of symbol table nodes, with the names in a local heap (III.A.1, III.B, III.C, III.D).
  private static func oldStyle(
    _ table: ByteSlice, in file: HDF5File, _ what: String
  ) throws(FormatError) -> [String: UInt64] {
    let tree = try table.integer(UInt64.self, at: 0, what)
    let heap = try LocalHeap(at: table.integer(UInt64.self, at: 8, what), in: file, what)
    var links: [String: UInt64] = [:]
    var seen: Set<UInt64> = []
    var nodes = [tree]
    while let address = nodes.popLast() {
      try file.takeStep()
      guard seen.insert(address).inserted else { throw .damaged("the B-tree of \(what) leads back to itself") }
      let place = try file.place(address, what)
      if file.bytes.has("TREE", at: place) {
        nodes += try children(ofTree: place, in: file, what)
      } else if file.bytes.has("SNOD", at: place) {
        try addSymbols(ofNode: place, heap, in: file, what, to: &links)
      } else {
        throw .damaged("the B-tree of \(what) names \(address), where no node is")
      }
    }
    return links
  }

  /// A B-tree node, version 1 (III.A.1): 24 bytes, then keys and children in turn, 8 bytes each.
  private static func children(ofTree place: Int, in file: HDF5File, _ what: String) throws(FormatError) -> [UInt64] {
    let type = try file.bytes.integer(UInt8.self, at: place + 4, what)
    guard type == 0 else { throw .damaged("the B-tree of \(what) has type \(type), expected 0 (a group's)") }
    let count = Int(try file.bytes.integer(UInt16.self, at: place + 6, what))
    var children: [UInt64] = []
    // Backwards, since the walk takes the last first: links are then read in ascending order.
    for index in (0..<count).reversed() {
      try file.takeStep()
      children.append(try file.bytes.integer(UInt64.self, at: place + 32 + 16 * index, what))
    }
    return children
  }

  /// A symbol table node (III.B): 8 bytes, then entries of 40 (III.C).
  private static func addSymbols(
    ofNode place: Int, _ heap: LocalHeap, in file: HDF5File, _ what: String, to links: inout [String: UInt64]
  ) throws(FormatError) {
    let count = Int(try file.bytes.integer(UInt16.self, at: place + 6, what))
    for index in 0..<count {
      try file.takeStep()
      let entry = try file.bytes.part(place + 8 + 40 * index, 40, what)
      let name = try heap.name(at: entry.integer(UInt64.self, at: 0, what), limit: maximumNameBytes, what)
      // Cache type 2 is a symbolic link: its name leads elsewhere, and Keras writes none.
      guard try entry.integer(UInt32.self, at: 16, what) != 2 else {
        throw .unsupported("'\(name)' in \(what) is a symbolic link")
      }
      try add(name, try entry.integer(UInt64.self, at: 8, what), what, to: &links)
    }
  }

  /// Link messages (IV.A.2.g): those of the header, and those in a fractal heap that a link info message names (IV.A.2.c).
  private static func newStyle(
    _ header: HDF5ObjectHeader, in file: HDF5File, _ what: String
  ) throws(FormatError) -> [String: UInt64] {
    var links: [String: UInt64] = [:]
    for message in header.messages where message.type == .link { try addLink(message.body, what, to: &links) }
    guard let information = header.first(.linkInformation),
      let dense = try DenseStorage(information, creationIndexBytes: 8, what)
    else { return links }
    var heap = try HDF5FractalHeap(at: dense.heap, in: file, what)
    // A hash, then the heap ID.
    for record in try HDF5BTree.records(
      at: dense.names, .linkNames, recordBytes: 4 + heap.idBytes, in: file, what)
    {
      try addLink(heap.object(record.part(4, heap.idBytes, what)), what, to: &links)
    }
    return links
  }

  private static func addLink(_ body: ByteSlice, _ what: String, to links: inout [String: UInt64]) throws(FormatError) {
    let version = try body.integer(UInt8.self, at: 0, what)
    guard version == 1 else { throw .damaged("a link in \(what) has version \(version), expected 1") }
    let flags = try body.integer(UInt8.self, at: 1, what)
    var offset = 2
    if flags & 0x08 != 0 {
      let type = try body.integer(UInt8.self, at: offset, what)
      guard type == 0 else { throw .unsupported("a link in \(what) is a symbolic or external one") }
      offset += 1
    }
    if flags & 0x04 != 0 { offset += 8 }
    if flags & 0x10 != 0 { offset += 1 }
    let length = try body.sized(flags & 3, at: offset, what)
    offset += 1 << Int(flags & 3)
    guard length <= maximumNameBytes else { throw .damaged("a link in \(what) has a name of \(length) bytes") }
    let name = String(decoding: try body.part(offset, length, what).array, as: UTF8.self)
    try add(name, try body.integer(UInt64.self, at: offset + length, what), what, to: &links)
  }

  private static func add(
    _ name: String, _ address: UInt64, _ what: String, to links: inout [String: UInt64]
  ) throws(FormatError) {
    guard links.count < maximumLinks else { throw .damaged("\(what) has more than \(maximumLinks) links") }
    guard links.updateValue(address, forKey: name) == nil else {
      throw .damaged("\(what) has two links called '\(name)'")
    }
  }
}

/// Names of a group (III.D): null-terminated, found by their offset.
private struct LocalHeap {
  private let data: ByteSlice

  init(at address: UInt64, in file: HDF5File, _ what: String) throws(FormatError) {
    let place = try file.place(address, "the heap of \(what)")
    guard file.bytes.has("HEAP", at: place) else { throw .damaged("\(what) has no heap of names at \(address)") }
    let size = try file.bytes.integer(UInt64.self, at: place + 8, what)
    guard size <= UInt64(file.bytes.count) else { throw .damaged("the heap of \(what) claims \(size) bytes") }
    data = try file.part(file.bytes.integer(UInt64.self, at: place + 24, what), Int(size), "the heap of \(what)")
  }

  func name(at offset: UInt64, limit: Int, _ what: String) throws(FormatError) -> String {
    guard offset < UInt64(data.count) else { throw .damaged("a name in \(what) lies outside the heap of names") }
    let text = data.withBytes { bytes -> String? in
      let rest = bytes[Int(offset)...].prefix(limit + 1)
      guard let end = rest.firstIndex(of: 0) else { return nil }
      return String(decoding: rest[..<end], as: UTF8.self)
    }
    guard let text else { throw .damaged("a name in \(what) has no end within \(limit) bytes") }
    return text
  }
}

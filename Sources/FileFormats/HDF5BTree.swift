/// The records of a B-tree of version 2 (III.A.2), which indexes what a fractal heap holds.
enum HDF5BTree {
  /// What kinds of records there are, by the number in the tree's header.
  enum RecordType: UInt8 {
    /// Huge objects of a heap, not filtered: address, length, number.
    case hugeObjects = 1
    /// Links by name: hash, heap ID.
    case linkNames = 5
    /// Attributes by name: heap ID, flags, creation order, hash.
    case attributeNames = 8
  }

  /// Signature, version and type before the records of a node, and its checksum.
  private static let nodeOverhead = 10
  /// A tree of this depth has more records than any file bytes.
  private static let maximumDepth = 16

  /// All records, each of `recordBytes` bytes or more, in no promised order.
  static func records(
    at address: UInt64, _ type: RecordType, recordBytes: Int, in file: HDF5File, _ what: String
  ) throws(FormatError) -> [ByteSlice] {
    let header = try file.part(address, 38, "the index of \(what)")
    guard header.has("BTHD", at: 0) else { throw .damaged("\(what) names \(address), where no index is") }
    let found = try header.integer(UInt8.self, at: 5, what)
    guard try header.integer(UInt8.self, at: 4, what) == 0, found == type.rawValue else {
      throw .damaged("the index of \(what) has type \(found), expected \(type.rawValue)")
    }
    let nodeBytes = Int(try header.integer(UInt32.self, at: 6, what))
    let recordSize = Int(try header.integer(UInt16.self, at: 10, what))
    let depth = Int(try header.integer(UInt16.self, at: 12, what))
    guard recordSize >= recordBytes, nodeBytes >= nodeOverhead + recordSize, nodeBytes <= file.bytes.count,
      depth <= maximumDepth
    else { throw .damaged("the index of \(what) has the impossible sizes \(nodeBytes), \(recordSize) and \(depth)") }
    let root = try header.integer(UInt64.self, at: 16, what)
    let count = Int(try header.integer(UInt16.self, at: 24, what))
    guard root != HDF5File.undefinedAddress, count > 0 else { return [] }
    let widths = Widths(nodeBytes: nodeBytes, recordSize: recordSize, depth: depth)
    var records: [ByteSlice] = []
    var seen: Set<UInt64> = []
    var nodes = [(address: root, records: count, depth: depth)]
    while let node = nodes.popLast() {
      guard seen.insert(node.address).inserted else { throw .damaged("the index of \(what) leads back to itself") }
      let bytes = try file.part(node.address, nodeBytes, "a node of the index of \(what)")
      guard bytes.has(node.depth == 0 ? "BTLF" : "BTIN", at: 0) else {
        throw .damaged("the index of \(what) names \(node.address), where no node is")
      }
      for index in 0..<node.records {
        try file.takeStep(bytes: recordSize)
        records.append(try bytes.part(6 + index * recordSize, recordSize, what))
      }
      guard node.depth > 0 else { continue }
      // Behind the records a child before each of them and one after the last: address, its records, all records below it.
      var offset = 6 + node.records * recordSize
      for _ in 0...node.records {
        try file.takeStep()
        let child = try bytes.integer(UInt64.self, at: offset, what)
        let count = try bytes.narrow(widths.count, at: offset + 8, what)
        nodes.append((child, count, node.depth - 1))
        offset += 8 + widths.count + widths.total[node.depth - 1]
      }
    }
    return records
  }

  /// How many bytes the numbers beside a child's address take: as many as the largest possible value needs.
  private struct Widths {
    /// Of a node's records.
    let count: Int
    /// Of all records below a node of the depth; 0 for a leaf, whose records are all.
    private(set) var total = [0]

    init(nodeBytes: Int, recordSize: Int, depth: Int) {
      let leaf = (nodeBytes - nodeOverhead) / recordSize
      count = Self.width(leaf)
      var most = leaf
      for level in 0..<depth {
        let pointer = 8 + count + total[level]
        let records = max(0, nodeBytes - nodeOverhead - pointer) / (recordSize + pointer)
        let (product, overflow) = (records + 1).multipliedReportingOverflow(by: most)
        most = overflow || product > 1 << 62 ? 1 << 62 : product + records
        total.append(Self.width(most))
      }
    }

    private static func width(_ value: Int) -> Int { max(1, (Int.bitWidth - value.leadingZeroBitCount + 7) / 8) }
  }
}

extension ByteSlice {
  /// An unsigned little-endian integer of 1 to 8 bytes.
  func narrow(_ width: Int, at offset: Int, _ what: String) throws(FormatError) -> Int {
    let value = try part(offset, width, what).array.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value < 1 << 62 else { throw .damaged("\(what) has the impossible size \(value)") }
    return Int(value)
  }
}

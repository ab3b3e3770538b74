/// A fractal heap (III.G): where a group keeps many links, and an object many or large attributes.
///
/// Managed objects lie in blocks of a doubling table, huge ones anywhere, tiny ones in their own ID.
struct HDF5FractalHeap {
  private let file: HDF5File
  private let what: String
  /// Bytes of an object's ID, with its first byte of flags.
  let idBytes: Int
  private let hugeIndex: UInt64
  private let offsetBytes: Int
  private let lengthBytes: Int
  private let table: Table
  private let root: UInt64
  /// Rows of the root indirect block; 0: the root is a direct block.
  private let rootRows: Int
  private var huge: [Int: ByteSlice]?

  /// Blocks in rows of `width`: rows 0 and 1 have blocks of `start` bytes, each further row ones of twice the bytes.
  private struct Table {
    let width: Int
    let start: Int
    /// Rows from this one on name indirect blocks.
    let directRows: Int

    func blockBytes(_ row: Int) -> Int { start << max(0, row - 1) }
    func offset(of row: Int) -> Int { row == 0 ? 0 : (width * start) << (row - 1) }
  }

  init(at address: UInt64, in file: HDF5File, _ what: String) throws(FormatError) {
    self.file = file
    self.what = what
    let header = try file.part(address, 142, "the fractal heap of \(what)")
    guard header.has("FRHP", at: 0) else { throw .damaged("\(what) has no fractal heap at \(address)") }
    let version = try header.integer(UInt8.self, at: 4, what)
    guard version == 0 else { throw .unsupported("the fractal heap of \(what) has version \(version)") }
    idBytes = Int(try header.integer(UInt16.self, at: 5, what))
    guard try header.integer(UInt16.self, at: 7, what) == 0 else {
      throw .unsupported("the fractal heap of \(what) is compressed or filtered")
    }
    let maximumManaged = Int(try header.integer(UInt32.self, at: 10, what))
    hugeIndex = try header.integer(UInt64.self, at: 22, what)
    let width = Int(try header.integer(UInt16.self, at: 110, what))
    let start = try header.narrow(8, at: 112, what)
    let maximumDirect = try header.narrow(8, at: 120, what)
    let heapBits = Int(try header.integer(UInt16.self, at: 128, what))
    root = try header.integer(UInt64.self, at: 132, what)
    rootRows = Int(try header.integer(UInt16.self, at: 140, what))
    // Powers of two by the format; the bounds keep every shift below within an Int.
    guard width.isPowerOfTwo, start.isPowerOfTwo, maximumDirect.isPowerOfTwo, start <= maximumDirect,
      maximumDirect <= 1 << 32, width <= 1 << 15, (1...60).contains(heapBits), maximumManaged > 0
    else { throw .damaged("the fractal heap of \(what) has impossible sizes") }
    table = Table(
      width: width, start: start,
      directRows: maximumDirect.trailingZeroBitCount - start.trailingZeroBitCount + 2)
    offsetBytes = (heapBits + 7) / 8
    let managedBits = Int.bitWidth - 1 - maximumManaged.leadingZeroBitCount
    lengthBytes = min((maximumDirect.trailingZeroBitCount + 7) / 8, managedBits / 8 + 1)
    // Beyond this the rows would begin behind the last offset that the heap can have.
    guard rootRows <= heapBits, (2...512).contains(idBytes), start.trailingZeroBitCount + rootRows < 60,
      width.trailingZeroBitCount + start.trailingZeroBitCount + rootRows < 60
    else { throw .damaged("the fractal heap of \(what) has impossible sizes") }
  }

  /// The object that an ID names.
  mutating func object(_ id: ByteSlice) throws(FormatError) -> ByteSlice {
    let flags = try id.integer(UInt8.self, at: 0, what)
    guard flags >> 6 == 0 else { throw .damaged("an ID in the heap of \(what) has version \(flags >> 6), expected 0") }
    switch flags >> 4 & 3 {
    case 0:
      let offset = try id.narrow(offsetBytes, at: 1, what)
      let length = try id.narrow(lengthBytes, at: 1 + offsetBytes, what)
      return try managed(offset, length)
    case 1: return try hugeObject(id)
    case 2:
      // A long ID has 12 bits for the length, a short one 4; both count from 1.
      guard idBytes > 17 else { return try id.part(1, Int(flags & 15) + 1, what) }
      return try id.part(2, Int(flags & 15) << 8 + Int(try id.integer(UInt8.self, at: 1, what)) + 1, what)
    default: throw .damaged("an ID in the heap of \(what) has the type 3")
    }
  }

  /// An object in a block of the doubling table; `offset` is counted through all blocks, their heads included.
  private func managed(_ offset: Int, _ length: Int) throws(FormatError) -> ByteSlice {
    guard rootRows > 0 else { return try inDirectBlock(root, size: table.start, offset, length) }
    var (address, rows, offset) = (root, rootRows, offset)
    while true {
      try file.takeStep()
      let row = offset < table.width * table.start ? 0 : (offset / (table.width * table.start)).bits
      guard row < rows else { throw .damaged("\(what) names \(offset) in its heap, behind the last block") }
      let size = table.blockBytes(row)
      let column = (offset - table.offset(of: row)) / size
      let place = try file.place(address, "the heap of \(what)")
      guard file.bytes.has("FHIB", at: place) else { throw .damaged("the heap of \(what) has no block at \(address)") }
      let entry = place + 13 + offsetBytes + 8 * (row * table.width + column)
      let child = try file.bytes.integer(UInt64.self, at: entry, what)
      guard child != HDF5File.undefinedAddress else { throw .damaged("\(what) names a block that its heap lacks") }
      offset -= table.offset(of: row) + column * size
      if row < table.directRows { return try inDirectBlock(child, size: size, offset, length) }
      // An indirect block that stands for `size` bytes has the rows that fit in.
      address = child
      rows = size.trailingZeroBitCount - (table.width * table.start).trailingZeroBitCount + 1
    }
  }

  private func inDirectBlock(_ address: UInt64, size: Int, _ offset: Int, _ length: Int) throws(FormatError)
    -> ByteSlice
  {
    let block = try file.part(address, size, "a block of the heap of \(what)")
    guard block.has("FHDB", at: 0) else { throw .damaged("the heap of \(what) has no block at \(address)") }
    return try block.part(offset, length, "an object in the heap of \(what)")
  }

  /// A huge object's ID is a number, by which the heap's own index gives the place; or the place itself in an ID of 17 bytes.
  private mutating func hugeObject(_ id: ByteSlice) throws(FormatError) -> ByteSlice {
    if idBytes >= 17 {
      let length = try id.narrow(8, at: 9, what)
      return try file.part(id.integer(UInt64.self, at: 1, what), length, "an object of \(what)")
    }
    if huge == nil {
      var places: [Int: ByteSlice] = [:]
      for record in try HDF5BTree.records(at: hugeIndex, .hugeObjects, recordBytes: 24, in: file, what) {
        let length = try record.narrow(8, at: 8, what)
        let object = try file.part(record.integer(UInt64.self, at: 0, what), length, "an object of \(what)")
        places[try record.narrow(8, at: 16, what)] = object
      }
      huge = places
    }
    let number = try id.narrow(min(8, idBytes - 1), at: 1, what)
    guard let object = huge?[number] else { throw .damaged("\(what) names object \(number), which its heap lacks") }
    return object
  }
}

extension Int {
  fileprivate var isPowerOfTwo: Bool { self > 0 && self & (self - 1) == 0 }
  /// How many bits it takes: 1 for 1, 2 for 2 and 3.
  fileprivate var bits: Int { Int.bitWidth - leadingZeroBitCount }
}

/// An HDF5 file: groups, attributes of text, and contiguous datasets, which is what Keras (through h5py) writes, in any version
/// of the format.
///
/// Nothing in it is trusted: every access is checked against the file, every walk of linked structures refuses to come to a place
/// twice, and all walks together draw on one allowance of steps, so a damaged file costs bounded time and memory.
///
/// Source: The HDF Group, HDF5 File Format Specification Version 3.0; the sections are named where they are read.
public final class HDF5File {
  /// What every undefined address is: all ones (III.A).
  static let undefinedAddress = UInt64.max

  let bytes: ByteSlice
  /// In bytes.
  public var size: Int { bytes.count }
  private let root: UInt64
  private var groups: [UInt64: [String: UInt64]] = [:]
  private var headers: [UInt64: HDF5ObjectHeader] = [:]
  private var attributes: [UInt64: [String: HDF5Attribute]] = [:]
  /// Nodes, header blocks and entries that may still be visited. A step reads at least 8 bytes, and a sound file's are read once.
  private var stepsLeft: Int

  /// Whether bytes begin with the signature of HDF5 (format specification, section II.A).
  public static func isFile(_ bytes: ByteSlice) -> Bool {
    // The first byte is 0x89, which no text begins with, so that it cannot stand in a literal of text.
    bytes.has("HDF\r\n\u{1a}\n", at: 1) && bytes.withBytes { $0[0] == 0x89 }
  }

  /// - Throws: when the superblock (II.A) is no version 0 to 3 with 8-byte addresses, or the file is shorter than it says.
  public init(_ bytes: ByteSlice) throws(FormatError) {
    self.bytes = bytes
    stepsLeft = 10_000 + bytes.count / 8
    guard Self.isFile(bytes) else {
      throw FormatError("it does not begin with HDF5's signature; it is no HDF5 file, name another")
    }
    let what = "the HDF5 superblock"
    let version = try bytes.integer(UInt8.self, at: 8, what)
    let base: UInt64
    let end: UInt64
    let sizes: (offsets: UInt8, lengths: UInt8)
    switch version {
    case 0, 1:
      sizes = (try bytes.integer(UInt8.self, at: 13, what), try bytes.integer(UInt8.self, at: 14, what))
      // Version 1 has one more pair of fields before the addresses.
      let addresses = version == 0 ? 24 : 28
      base = try bytes.integer(UInt64.self, at: addresses, what)
      end = try bytes.integer(UInt64.self, at: addresses + 16, what)
      // Base, free space, end and driver block are followed by the root group's symbol table entry, whose second field is its address.
      root = try bytes.integer(UInt64.self, at: addresses + 40, what)
    case 2, 3:
      sizes = (try bytes.integer(UInt8.self, at: 9, what), try bytes.integer(UInt8.self, at: 10, what))
      base = try bytes.integer(UInt64.self, at: 12, what)
      end = try bytes.integer(UInt64.self, at: 28, what)
      root = try bytes.integer(UInt64.self, at: 36, what)
    default: throw .unsupported("the HDF5 superblock has version \(version)")
    }
    guard sizes == (8, 8) else {
      throw .unsupported("HDF5 addresses have \(sizes.offsets) bytes and lengths \(sizes.lengths), expected 8 and 8")
    }
    guard base == 0 else { throw .unsupported("the HDF5 file begins at \(base), expected 0") }
    guard end <= UInt64(bytes.count) else {
      throw .damaged("the HDF5 file has \(bytes.count) bytes, but says that it has \(end)")
    }
  }

  /// Whether there is a group or dataset at `path`, such as `/layers/dense/vars`.
  public func contains(_ path: String) throws(FormatError) -> Bool { try address(of: path) != nil }

  /// The names in the group at `path`, ascending; nil: there is no such group.
  public func members(of path: String) throws(FormatError) -> [String]? {
    guard let address = try address(of: path) else { return nil }
    let names = try links(in: address, path).keys.sorted()
    // A group that many paths lead to may be asked for by each of them.
    try takeStep(bytes: 8 * names.count)
    return names
  }

  /// The text of an attribute, one or an array; nil: there is no such attribute, it is no text, or there is nothing at `path`.
  public func strings(attribute name: String, of path: String) throws(FormatError) -> [String]? {
    guard let address = try address(of: path) else { return nil }
    return try attributes(of: address, path)[name]?.strings(in: self)
  }

  /// The names of the attributes of what is at `path`, ascending; nil: there is nothing.
  public func attributes(of path: String) throws(FormatError) -> [String]? {
    guard let address = try address(of: path) else { return nil }
    return try attributes(of: address, path).keys.sorted()
  }

  /// The dataset at `path`; nil: there is none.
  public func dataset(_ path: String) throws(FormatError) -> HDF5Dataset? {
    guard let address = try address(of: path) else { return nil }
    return try HDF5Dataset(header(at: address, path), at: address, in: self, path)
  }

  /// Draws on the file's allowance.
  /// - Parameter bytes: that the step reads beyond the first 8, and that another step may read again.
  func takeStep(bytes: Int = 0) throws(FormatError) {
    stepsLeft -= 1 + bytes / 8
    guard stepsLeft >= 0 else { throw .damaged("the HDF5 structures refer to each other without an end") }
  }

  func part(_ address: UInt64, _ count: Int, _ what: @autoclosure () -> String) throws(FormatError) -> ByteSlice {
    try bytes.part(place(address, what()), count, what())
  }

  /// An address as an offset.
  func place(_ address: UInt64, _ what: @autoclosure () -> String) throws(FormatError) -> Int {
    guard address < UInt64(bytes.count) else {
      throw .damaged("\(what()) is said to lie at \(address), outside the file's \(bytes.count) bytes")
    }
    return Int(address)
  }

  private func address(of path: String) throws(FormatError) -> UInt64? {
    var address = root
    for name in path.split(separator: "/") {
      guard let next = try links(in: address, path)[String(name)] else { return nil }
      address = next
    }
    return address
  }

  private func header(at address: UInt64, _ path: String) throws(FormatError) -> HDF5ObjectHeader {
    if let known = headers[address] { return known }
    let header = try HDF5ObjectHeader(at: address, in: self, path)
    headers[address] = header
    return header
  }

  private func attributes(of address: UInt64, _ path: String) throws(FormatError) -> [String: HDF5Attribute] {
    if let known = attributes[address] { return known }
    var found: [String: HDF5Attribute] = [:]
    for body in try header(at: address, path).attributes(in: self, path) {
      let attribute = try HDF5Attribute(body, in: self, of: path)
      guard found.updateValue(attribute, forKey: attribute.name) == nil else {
        throw .damaged("'\(path)' has two attributes called '\(attribute.name)'")
      }
    }
    attributes[address] = found
    return found
  }

  private func links(in address: UInt64, _ path: String) throws(FormatError) -> [String: UInt64] {
    if let known = groups[address] { return known }
    let links = try HDF5Group.links(header(at: address, path), in: self, path)
    groups[address] = links
    return links
  }
}

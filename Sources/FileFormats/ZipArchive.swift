/// A zip archive, read by its central directory alone. Nothing in it is trusted, nothing is written to disk.
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its ends), 4.5.3
/// (zip64).
public struct ZipArchive {
  /// What the directory says of a member.
  public struct Member: Sendable {
    /// 0: stored; 8: deflated.
    public let method: UInt16
    let flags: UInt16
    /// CRC-32 of its contents.
    public let crc: UInt32
    /// In the archive, in bytes.
    public let compressedSize: Int
    /// Unpacked, in bytes.
    public let size: Int
    /// Of its local header, from the archive's beginning.
    public let headerOffset: Int

    /// Bits 0, 6 and 13: encryption, of one kind or another.
    public var isEncrypted: Bool { flags & 0x2041 != 0 }
  }

  /// No archive that we read has more; beyond it the count is a damaged file's.
  static let maximumMembers = 4096
  private static let maximumNameBytes = 4096

  private let bytes: ByteSlice
  /// Where `bytes` begin in the archive.
  private let origin: Int
  private let members: [String: Member]

  /// Whether bytes begin with a local file header (APPNOTE 4.3.7).
  public static func isArchive(_ bytes: ByteSlice) -> Bool {
    // An empty archive is one too, so that it is refused as such.
    bytes.has("PK\u{3}\u{4}", at: 0) || bytes.has("PK\u{5}\u{6}", at: 0)
  }

  /// Names as they stand in the archive. They are looked up, never turned into paths, so `..` and `/` in them do no harm.
  public var names: [String] { members.keys.sorted() }

  /// - Parameters:
  ///   - bytes: the archive, or its end, which holds the directory.
  ///   - origin: where they begin in the archive.
  public init(_ bytes: ByteSlice, origin: Int = 0) throws(FormatError) {
    self.bytes = bytes
    self.origin = origin
    let directory = try Self.directory(bytes, origin: origin)
    guard directory.members <= Self.maximumMembers else {
      throw .damaged("the zip directory claims \(directory.members) members, expected at most \(Self.maximumMembers)")
    }
    let region = try bytes.part(directory.offset - origin, directory.size, "the zip directory")
    var members: [String: Member] = [:]
    var offset = 0
    for index in 0..<directory.members {
      let (name, member, length) = try Self.member(region, at: offset, "member \(index) of the zip directory")
      guard members.updateValue(member, forKey: name) == nil else {
        throw FormatError("the zip archive has two members called '\(name)'; save the model again")
      }
      offset += length
    }
    self.members = members
  }

  /// What the directory says of the member; nil: there is none of that name.
  public func member(_ name: String) -> Member? { members[name] }

  /// A member's content, inflated if need be and checked against its CRC.
  /// - Parameter limit: bytes; a larger member is refused before it is unpacked.
  public func contents(_ name: String, limit: Int) throws(FormatError) -> ByteSlice {
    guard let member = members[name] else {
      throw FormatError("the zip archive has no member '\(name)'; save the model again with Keras' model.save")
    }
    let place = "zip member '\(name)'"
    guard !member.isEncrypted else {
      throw FormatError("\(place) is encrypted; save the model without a password")
    }
    guard member.size <= limit else {
      throw FormatError("\(place) has \(member.size) bytes, expected at most \(limit); save a smaller model")
    }
    let header = member.headerOffset - origin
    guard bytes.has("PK\u{3}\u{4}", at: header) else {
      throw .damaged("\(place) has no header at \(member.headerOffset)")
    }
    // The local header repeats the sizes, or leaves them to a data descriptor: only its own two lengths are needed.
    let nameLength = try bytes.integer(UInt16.self, at: header + 26, place)
    let extraLength = try bytes.integer(UInt16.self, at: header + 28, place)
    let packed = try bytes.part(
      header + 30 + Int(nameLength) + Int(extraLength), member.compressedSize, place)
    let content: ByteSlice
    switch member.method {
    case 0:
      guard member.compressedSize == member.size else {
        throw .damaged("\(place) is stored in \(member.compressedSize) bytes, expected its size, \(member.size)")
      }
      content = packed
    case 8: content = try inflated(packed, size: member.size, place)
    default:
      throw FormatError(
        "\(place) is packed by method \(member.method), expected 0 (stored) or 8 (deflated); zip it again by one of these"
      )
    }
    let crc = crc32(of: content)
    guard crc == member.crc else {
      throw .damaged("\(place) has the CRC \(String(crc, radix: 16)), expected \(String(member.crc, radix: 16))")
    }
    return content
  }

  private static func directory(
    _ bytes: ByteSlice, origin: Int
  ) throws(FormatError) -> (members: Int, offset: Int, size: Int) {
    // The end record is the file's last 22 bytes, and a comment of at most 64 KiB may follow it.
    let tail = max(0, bytes.count - 22 - 65535)
    let last = bytes.withBytes { bytes in
      // In one loan of the file: there may be 64 KiB to search.
      (tail..<max(tail, bytes.count - 21)).last { at in
        bytes[at] == 0x50 && bytes[at + 1] == 0x4b && bytes[at + 2] == 5 && bytes[at + 3] == 6
      }
    }
    guard let end = last else { throw .damaged("the zip archive has no end record; it is cut short") }
    let what = "the zip archive's end record"
    var members = Int(try bytes.integer(UInt16.self, at: end + 10, what))
    var size = Int(try bytes.integer(UInt32.self, at: end + 12, what))
    var offset = Int(try bytes.integer(UInt32.self, at: end + 16, what))
    if bytes.has("PK\u{6}\u{7}", at: end - 20) {
      let end64 = try int(try bytes.integer(UInt64.self, at: end - 20 + 8, what), what) - origin
      guard bytes.has("PK\u{6}\u{6}", at: end64) else { throw .damaged("the zip64 end record is missing") }
      members = try int(try bytes.integer(UInt64.self, at: end64 + 32, what), what)
      size = try int(try bytes.integer(UInt64.self, at: end64 + 40, what), what)
      offset = try int(try bytes.integer(UInt64.self, at: end64 + 48, what), what)
    }
    return (members, offset, size)
  }

  private static func member(
    _ region: ByteSlice, at start: Int, _ what: String
  ) throws(FormatError) -> (name: String, member: Member, length: Int) {
    guard region.has("PK\u{1}\u{2}", at: start) else { throw .damaged("\(what) does not begin with its signature") }
    func short(_ offset: Int) throws(FormatError) -> UInt16 {
      try region.integer(UInt16.self, at: start + offset, what)
    }
    func long(_ offset: Int) throws(FormatError) -> UInt32 {
      try region.integer(UInt32.self, at: start + offset, what)
    }
    let nameLength = Int(try short(28))
    let extraLength = Int(try short(30))
    let commentLength = Int(try short(32))
    guard nameLength <= maximumNameBytes else { throw .damaged("\(what) has a name of \(nameLength) bytes") }
    let name = String(decoding: try region.part(start + 46, nameLength, what).array, as: UTF8.self)
    var sizes = [UInt64(try long(24)), UInt64(try long(20)), UInt64(try long(42))]
    let extra = try region.part(start + 46 + nameLength, extraLength, what)
    // Zip64: each field of all ones stands in the extra field 1, in this order.
    var at = 0
    while at + 4 <= extra.count {
      let tag = try extra.integer(UInt16.self, at: at, what)
      let length = Int(try extra.integer(UInt16.self, at: at + 2, what))
      if tag == 1 {
        let field = try extra.part(at + 4, length, what)
        var next = 0
        for index in sizes.indices where sizes[index] == 0xffff_ffff {
          sizes[index] = try field.integer(UInt64.self, at: next, what)
          next += 8
        }
      }
      at += 4 + length
    }
    let member = Member(
      method: try short(10), flags: try short(8), crc: try long(16), compressedSize: try int(sizes[1], what),
      size: try int(sizes[0], what), headerOffset: try int(sizes[2], what))
    return (name, member, 46 + nameLength + extraLength + commentLength)
  }

  private static func int(_ value: UInt64, _ what: String) throws(FormatError) -> Int {
    // Half of what Int holds, so that sums of two need no check.
    guard value < 1 << 62 else { throw .damaged("\(what) holds the impossible size or place \(value)") }
    return Int(value)
  }
}

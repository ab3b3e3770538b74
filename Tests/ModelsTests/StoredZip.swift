import Foundation

/// A zip of stored members, with sound checksums, so that a test can change what is inside.
struct StoredZip {
  private(set) var members: [(name: String, content: Data)]
  /// Checksums of the members, in their order.
  private var checksums: [UInt32] = []

  /// The members of an archive that Keras wrote, in which each is stored, and its local header says its size.
  init(reading data: Data) {
    members = []
    let bytes = [UInt8](data)
    func integer(_ at: Int, _ count: Int) -> Int { (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[at + $1]) } }
    var at = 0
    while at + 30 < bytes.count, integer(at, 4) == 0x0403_4b50 {
      let (size, name, extra) = (integer(at + 18, 4), integer(at + 26, 2), integer(at + 28, 2))
      let start = at + 30 + name + extra
      members.append((String(decoding: bytes[at + 30..<at + 30 + name], as: UTF8.self), data[start..<start + size]))
      at = start + size
    }
    checksums = members.map { Self.crc($0.content) }
  }

  init(members: [(name: String, content: Data)]) {
    self.members = members
    checksums = members.map { Self.crc($0.content) }
  }

  mutating func remove(_ name: String) {
    let index = members.firstIndex { $0.name == name }!
    members.remove(at: index)
    checksums.remove(at: index)
  }

  mutating func set(_ name: String, _ content: Data) {
    let index = members.firstIndex { $0.name == name }!
    members[index].content = content
    checksums[index] = Self.crc(content)
  }

  var data: Data {
    var file = Data()
    var directory = Data()
    func append(_ value: Int, _ count: Int, to data: inout Data) {
      for index in 0..<count { data.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
    for ((name, content), checksum) in zip(members, checksums) {
      let offset = file.count
      func common(to data: inout Data) {
        for (value, count) in [
          (20, 2), (0, 2), (0, 2), (0, 4), (Int(checksum), 4), (content.count, 4), (content.count, 4),
          (name.utf8.count, 2), (0, 2),
        ] { append(value, count, to: &data) }
      }
      append(0x0403_4b50, 4, to: &file)
      common(to: &file)
      file += Data(name.utf8) + content
      append(0x0201_4b50, 4, to: &directory)
      append(20, 2, to: &directory)
      common(to: &directory)
      for (value, count) in [(0, 2), (0, 2), (0, 2), (0, 4), (offset, 4)] { append(value, count, to: &directory) }
      directory += Data(name.utf8)
    }
    let start = file.count
    file += directory
    append(0x0605_4b50, 4, to: &file)
    for (value, count) in [
      (0, 2), (0, 2), (members.count, 2), (members.count, 2), (directory.count, 4), (start, 4), (0, 2),
    ] { append(value, count, to: &file) }
    return file
  }

  /// CRC-32 by its definition (ISO 3309), a byte at a time.
  static func crc(_ data: Data) -> UInt32 {
    var crc = UInt32.max
    data.withUnsafeBytes { bytes in
      table.withUnsafeBufferPointer { table in
        for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
      }
    }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
  }
}

import Testing

@testable import FileFormats

/// Messages of Protocol Buffers, read without a schema.
@Suite struct ProtobufTests {
  private struct Failure: Error, Equatable { let sentence: String }

  private func fields(_ bytes: [UInt8], limit: Int = 100) throws(Failure) -> [(Int, String)] {
    var found: [(Int, String)] = []
    try ProtobufMessage(ByteSlice(bytes)).forEach(ProtobufMessage.Budget(fields: limit)) {
      (field, value) throws(Failure) in
      let text =
        switch value {
        case .varint(let number): "varint \(number)"
        case .fixed32(let number): "fixed32 \(number)"
        case .fixed64(let number): "fixed64 \(number)"
        case .bytes(let message): "bytes \(message.count)"
        }
      found.append((field, text))
    } complain: {
      Failure(sentence: $0.description)
    }
    return found
  }

  @Test func `every wire type is read, fields in the file's order`() throws {
    let bytes: [UInt8] = [
      0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00,
      0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
    ]
    let found = try fields(bytes)
    #expect(found.map(\.0) == [1, 2, 3, 4, 1, 5])
    #expect(
      found.map(\.1) == ["varint 150", "bytes 2", "fixed32 1", "fixed64 2", "varint 0", "varint 18446744073709551615"])
  }

  static let damaged: [(bytes: [UInt8], word: String)] = [
    ([0x08], "has no end"), ([0x08, 0x80], "has no end"),
    ([0x08] + [UInt8](repeating: 0xff, count: 10) + [0x01], "has no end"), ([0x12, 0x05, 1], "reaches beyond"),
    ([0x1d, 1, 2], "reaches beyond"), ([0x21, 1, 2, 3, 4], "reaches beyond"), ([0x00, 1], "a field numbered 0"),
    ([0x0b], "wire type 3"), ([0x0c], "wire type 4"), ([0x0e], "wire type 6"),
    ([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "reaches beyond"),
  ]

  @Test(arguments: damaged.indices)
  func `what is no message is damaged`(index: Int) {
    let (bytes, word) = Self.damaged[index]
    do throws(Failure) {
      _ = try fields(bytes)
      Issue.record("\(bytes) was read")
    } catch {
      #expect(error.sentence.contains(word) && error.sentence.contains("damaged"), "\(error.sentence)")
    }
  }

  @Test func `fields are counted over all messages`() throws {
    let bytes = [[UInt8]](repeating: [0x08, 1], count: 5).flatMap { $0 }
    #expect(try fields(bytes, limit: 5).count == 5)
    #expect(throws: Failure.self) { try fields(bytes, limit: 4) }
  }

  @Test func `repeated numbers come packed or not`() throws {
    let packed = ProtobufMessage(ByteSlice([0x01, 0x96, 0x01]))
    #expect(try ProtobufMessage.varints(.bytes(packed)) == [1, 150])
    #expect(try ProtobufMessage.varints(.varint(7)) == [7])
    #expect(throws: FormatError.self) { try ProtobufMessage.varints(.fixed32(1)) }
    let floats = ProtobufMessage(ByteSlice([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]))
    #expect(try ProtobufMessage.floats(.bytes(floats)) == [1, 2])
    #expect(try ProtobufMessage.floats(.fixed32(Float(0.5).bitPattern)) == [0.5])
    #expect(throws: FormatError.self) { try ProtobufMessage.floats(.bytes(packed)) }
    #expect(throws: FormatError.self) { try ProtobufMessage.floats(.varint(1)) }
    let doubles = ProtobufMessage(ByteSlice([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]))
    #expect(try ProtobufMessage.doubles(.bytes(doubles)) == [1])
    #expect(try ProtobufMessage.doubles(.fixed64(Double(2).bitPattern)) == [2])
    #expect(throws: FormatError.self) { try ProtobufMessage.doubles(.bytes(packed)) }
  }

  @Test func `text is UTF-8 or none`() {
    #expect(ProtobufMessage(ByteSlice(Array("é".utf8))).text == "é")
    #expect(ProtobufMessage(ByteSlice([0xff, 0xfe])).text == nil)
  }
}

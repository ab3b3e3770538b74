/// A message of Protocol Buffers, read field by field without a schema: https://protobuf.dev/programming-guides/encoding/.
///
/// Nothing is trusted: every length is checked against the message that it lies in, and the fields of a whole file are counted.
public struct ProtobufMessage {
  /// What a field holds, as its wire type says.
  public enum Value {
    /// Wire type 0, a number of base 128.
    case varint(UInt64)
    /// Wire type 1, eight bytes little-endian.
    case fixed64(UInt64)
    /// Wire type 2, with a length of its own.
    case bytes(ProtobufMessage)
    /// Wire type 5, four bytes little-endian.
    case fixed32(UInt32)
  }

  /// How many fields a file may still have.
  public final class Budget {
    fileprivate var fields: Int

    /// - Parameter fields: of all messages of a file together.
    public init(fields: Int) { self.fields = fields }
  }

  private let file: ByteSlice
  /// Of the file.
  private let range: Range<Int>

  /// A whole file.
  public init(_ file: ByteSlice) { (self.file, range) = (file, 0..<file.count) }

  private init(_ file: ByteSlice, _ range: Range<Int>) { (self.file, self.range) = (file, range) }

  /// In bytes.
  public var count: Int { range.count }

  /// Its bytes.
  public var bytes: ByteSlice {
    get throws(FormatError) { try file.part(range.lowerBound, range.count, "a field") }
  }

  /// Its bytes as text; nil: they are not UTF-8.
  public var text: String? {
    file.withBytes { String(validating: $0[range], as: UTF8.self) }
  }

  /// Gives every field to `body`, in the file's order.
  public func forEach<Failure: Error>(
    _ budget: Budget, _ body: (_ field: Int, _ value: Value) throws(Failure) -> Void,
    complain: (FormatError) -> Failure
  ) throws(Failure) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let (field, value): (Int, Value)
      do throws(FormatError) {
        (field, value) = try next(&offset, budget)
      } catch {
        throw complain(error)
      }
      try body(field, value)
    }
  }

  /// The numbers of a packed field, or of one that is not packed: both are legal.
  public static func varints(_ value: Value) throws(FormatError) -> [UInt64] {
    switch value {
    case .varint(let number): return [number]
    case .bytes(let message):
      var numbers: [UInt64] = []
      var offset = message.range.lowerBound
      while offset < message.range.upperBound { numbers.append(try message.varint(&offset)) }
      return numbers
    case .fixed32, .fixed64: throw .damaged("whole numbers were found as numbers of a fixed size")
    }
  }

  /// The same of Float32.
  public static func floats(_ value: Value) throws(FormatError) -> [Float] {
    switch value {
    case .fixed32(let bits): return [Float(bitPattern: bits)]
    case .bytes(let message): return try message.fixed(UInt32.self).map { Float(bitPattern: $0) }
    case .varint, .fixed64: throw .damaged("Float32 numbers were found as numbers of another kind")
    }
  }

  /// The same of Float64.
  public static func doubles(_ value: Value) throws(FormatError) -> [Double] {
    switch value {
    case .fixed64(let bits): return [Double(bitPattern: bits)]
    case .bytes(let message): return try message.fixed(UInt64.self).map { Double(bitPattern: $0) }
    case .varint, .fixed32: throw .damaged("Float64 numbers were found as numbers of another kind")
    }
  }

  private func fixed<Integer: FixedWidthInteger>(_: Integer.Type) throws(FormatError) -> [Integer] {
    let size = MemoryLayout<Integer>.size
    guard range.count % size == 0 else {
      throw .damaged(
        "a packed field of \(range.count) bytes at byte \(range.lowerBound), expected a multiple of \(size)")
    }
    return file.withBytes { bytes in
      stride(from: range.lowerBound, to: range.upperBound, by: size).map {
        Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Integer.self))
      }
    }
  }

  private func next(_ offset: inout Int, _ budget: Budget) throws(FormatError) -> (field: Int, value: Value) {
    budget.fields -= 1
    guard budget.fields >= 0 else { throw FormatError("it has more fields than a model needs; export it again") }
    let start = offset
    let key = try varint(&offset)
    guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw .damaged("a field numbered \(key >> 3) at byte \(start)") }
    let field = Int(key >> 3)
    switch key & 7 {
    case 0: return (field, .varint(try varint(&offset)))
    case 1:
      let part = try take(8, &offset)
      return (field, .fixed64(try file.integer(UInt64.self, at: part.lowerBound, "a field")))
    case 2:
      let length = try varint(&offset)
      return (field, .bytes(ProtobufMessage(file, try take(length, &offset))))
    case 5:
      let part = try take(4, &offset)
      return (field, .fixed32(try file.integer(UInt32.self, at: part.lowerBound, "a field")))
    default: throw .damaged("wire type \(key & 7) at byte \(start)")
    }
  }

  private func take(_ length: UInt64, _ offset: inout Int) throws(FormatError) -> Range<Int> {
    guard length <= UInt64(range.upperBound - offset) else {
      throw .damaged("a field of \(length) bytes at byte \(offset) reaches beyond the \(range.upperBound) there are")
    }
    defer { offset += Int(length) }
    return offset..<offset + Int(length)
  }

  /// Base 128, least significant group first, at most ten bytes; what is beyond 64 bits is cut, as every reader does.
  private func varint(_ offset: inout Int) throws(FormatError) -> UInt64 {
    let start = offset
    let found: UInt64? = file.withBytes { bytes in
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        guard offset < range.upperBound else { return nil }
        let byte = bytes[offset]
        offset += 1
        value |= UInt64(byte & 0x7f) << shift
        if byte & 0x80 == 0 { return value }
      }
      return nil
    }
    guard let found else { throw .damaged("a number at byte \(start) has no end") }
    return found
  }
}

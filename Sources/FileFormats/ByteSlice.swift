/// Who keeps bytes alive. The bytes are lent and never stored.
public protocol ByteOwner: AnyObject {
  var count: Int { get }
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result
}

/// A part of a file, or of what was unpacked from one. Every access is checked against its range.
public struct ByteSlice {
  private let owner: any ByteOwner
  private let range: Range<Int>

  /// In bytes.
  public var count: Int { range.count }

  /// All bytes of an owner.
  public init(_ owner: some ByteOwner) {
    self.owner = owner
    range = 0..<owner.count
  }

  /// Bytes in memory.
  public init(_ array: [UInt8]) { self.init(ByteArray(array)) }

  private init(owner: any ByteOwner, range: Range<Int>) {
    self.owner = owner
    self.range = range
  }

  /// Lends all of it.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try owner.withBytes { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
  }

  /// `count` bytes from `offset`.
  /// - Parameter what: names the part in the error.
  public func part(_ offset: Int, _ count: Int, _ what: @autoclosure () -> String) throws(FormatError) -> ByteSlice {
    guard offset >= 0, count >= 0, offset <= range.count, count <= range.count - offset else {
      throw .damaged("\(what()) at \(offset), \(count) bytes long, lies outside the \(range.count) bytes there are")
    }
    let start = range.lowerBound + offset
    return ByteSlice(owner: owner, range: start..<start + count)
  }

  /// A little-endian integer.
  public func integer<Integer: FixedWidthInteger>(
    _ type: Integer.Type, at offset: Int, _ what: @autoclosure () -> String
  ) throws(FormatError) -> Integer {
    let part = try part(offset, MemoryLayout<Integer>.size, what())
    return part.withBytes { Integer(littleEndian: $0.loadUnaligned(as: Integer.self)) }
  }

  /// Whether the bytes from `offset` are these.
  public func has(_ expected: StaticString, at offset: Int) -> Bool {
    let count = expected.utf8CodeUnitCount
    guard offset >= 0, offset <= range.count, count <= range.count - offset else { return false }
    return expected.withUTF8Buffer { text in
      withBytes { bytes in (0..<count).allSatisfy { bytes[offset + $0] == text[$0] } }
    }
  }

  /// A copy.
  public var array: [UInt8] { withBytes { Array($0) } }
}

private final class ByteArray: ByteOwner {
  private let array: [UInt8]
  var count: Int { array.count }

  init(_ array: [UInt8]) { self.array = array }

  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The array lends its own storage: what is thrown inside travels in a Result, since the standard closure takes any error.
    let result: Swift.Result<Result, Failure> = array.withUnsafeBytes { bytes in
      do throws(Failure) {
        return .success(try body(bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

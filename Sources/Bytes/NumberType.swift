/// The types of numbers as they lie in files and in bodies.
public enum NumberType: Sendable, CaseIterable {
  /// A byte, which is true unless it is 0.
  case bool
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  /// IEEE 754 binary16, binary32 and binary64.
  case float16, float32, float64
  /// The upper half of a binary32.
  case bfloat16

  /// Of one number, in bytes.
  public var size: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Converts numbers in one pass, each to the nearest Float32; what is beyond Float32 becomes infinite.
  /// - Parameters:
  ///   - source: `count` numbers, at any address.
  ///   - isBigEndian: whether the highest byte of each comes first.
  ///   - target: room for `count`; it may be the very memory of `source`, where that holds Float32.
  public func convert(
    _ source: UnsafeRawPointer, isBigEndian: Bool = false, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    func each<Bits: FixedWidthInteger>(_: Bits.Type, _ float: (Bits) -> Float) {
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        target[index] = float(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
      }
    }
    switch self {
    case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    case .uint8: each(UInt8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .float16: each(UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float32 where isBigEndian: each(UInt32.self) { Float(bitPattern: $0) }
    case .float32:
      // Machines with the highest byte first have no build.
      guard source != UnsafeRawPointer(target) else { return }
      UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * MemoryLayout<Float>.size)
    }
  }
}

import Bytes

/// A number as it lies in an array: its type, and the order of its bytes.
struct ArrayElement: Equatable, Sendable {
  let type: NumberType
  var isBigEndian = false

  /// Whether an array's bytes are Float32 as this machine has them.
  var isNative: Bool { type == .float32 && !isBigEndian }

  /// An integer that no Float32 is equal to.
  struct Rounded: Equatable, Sendable {
    let column: Int
    let found: String
  }

  /// Reads `count` numbers, each as the nearest Float32.
  /// - Returns: how many integers lost digits, and the first of them.
  func read(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>, count: Int
  ) -> (rounded: Int, first: Rounded?) {
    type.convert(source, isBigEndian: isBigEndian, to: target, count: count)
    return switch type {
    case .int32: lostDigits(Int32.self, source, target, count)
    case .uint32: lostDigits(UInt32.self, source, target, count)
    case .int64: lostDigits(Int64.self, source, target, count)
    case .uint64: lostDigits(UInt64.self, source, target, count)
    case .bool, .int8, .int16, .uint8, .uint16, .float16, .float32, .float64, .bfloat16: (0, nil)
    }
  }

  /// A floating-point number as it was written; an integer is never shown so.
  func double(_ source: UnsafeRawPointer, _ column: Int) -> Double {
    switch type {
    case .float16: Double(Float16(bitPattern: load(source, column)))
    case .float32: Double(Float(bitPattern: load(source, column)))
    case .float64: Double(bitPattern: load(source, column))
    case .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bfloat16:
      preconditionFailure("an integer is finite, and no array has the upper half of a Float32")
    }
  }

  @inline(__always)
  private func load<Value: FixedWidthInteger>(_ source: UnsafeRawPointer, _ column: Int) -> Value {
    let value = source.loadUnaligned(fromByteOffset: MemoryLayout<Value>.size * column, as: Value.self)
    return isBigEndian ? Value(bigEndian: value) : Value(littleEndian: value)
  }

  @inline(__always)
  private func lostDigits<Value: FixedWidthInteger>(
    _: Value.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
  ) -> (rounded: Int, first: Rounded?) {
    var rounded = 0
    var first: Rounded?
    for column in 0..<count {
      let value: Value = load(source, column)
      // Below 2^24 all are equal to a Float32, above it some are.
      if value.magnitude > 1 << 24, Value(exactly: target[column]) != value {
        rounded += 1
        if first == nil { first = Rounded(column: column, found: "\(value)") }
      }
    }
    return (rounded, first)
  }
}

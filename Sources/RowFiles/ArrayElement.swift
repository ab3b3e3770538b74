import Glibc

/// A number as it lies in an array: its type, and the order of its bytes.
struct ArrayElement: Equatable, Sendable {
  enum Kind: Sendable {
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
  }

  let kind: Kind
  var isBigEndian = false

  var bytes: Int {
    switch kind {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16, .float16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Whether an array's bytes are Float32 as this machine has them.
  var isNative: Bool { kind == .float32 && !isBigEndian }

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
    switch kind {
    case .bool: for column in 0..<count { target[column] = load(source, column) as UInt8 == 0 ? 0 : 1 }
    case .int8: for column in 0..<count { target[column] = Float(load(source, column) as Int8) }
    case .uint8: for column in 0..<count { target[column] = Float(load(source, column) as UInt8) }
    case .int16: for column in 0..<count { target[column] = Float(load(source, column) as Int16) }
    case .uint16: for column in 0..<count { target[column] = Float(load(source, column) as UInt16) }
    case .int32: return readWide(Int32.self, source, target, count)
    case .uint32: return readWide(UInt32.self, source, target, count)
    case .int64: return readWide(Int64.self, source, target, count)
    case .uint64: return readWide(UInt64.self, source, target, count)
    case .float16:
      for column in 0..<count { target[column] = Float(Float16(bitPattern: load(source, column))) }
    case .float32 where !isBigEndian:
      // In place where source and target are the same memory, as they are until a bad row has been left out.
      if source != UnsafeRawPointer(target) { memmove(target, source, count * 4) }
    case .float32: for column in 0..<count { target[column] = Float(bitPattern: load(source, column)) }
    case .float64: for column in 0..<count { target[column] = Float(Double(bitPattern: load(source, column))) }
    }
    return (0, nil)
  }

  /// A floating-point number as it was written; an integer is never shown so.
  func double(_ source: UnsafeRawPointer, _ column: Int) -> Double {
    switch kind {
    case .float16: Double(Float16(bitPattern: load(source, column)))
    case .float32: Double(Float(bitPattern: load(source, column)))
    case .float64: Double(bitPattern: load(source, column))
    default: preconditionFailure("an integer is finite")
    }
  }

  @inline(__always)
  private func load<Value: FixedWidthInteger>(_ source: UnsafeRawPointer, _ column: Int) -> Value {
    let value = source.loadUnaligned(fromByteOffset: MemoryLayout<Value>.size * column, as: Value.self)
    return isBigEndian ? Value(bigEndian: value) : value
  }

  @inline(__always)
  private func readWide<Value: FixedWidthInteger>(
    _: Value.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
  ) -> (rounded: Int, first: Rounded?) {
    var rounded = 0
    var first: Rounded?
    for column in 0..<count {
      let value: Value = load(source, column)
      target[column] = Float(value)
      // Below 2^24 all are equal to a Float32, above it some are.
      if value.magnitude > 1 << 24, Value(exactly: target[column]) != value {
        rounded += 1
        if first == nil { first = Rounded(column: column, found: "\(value)") }
      }
    }
    return (rounded, first)
  }
}

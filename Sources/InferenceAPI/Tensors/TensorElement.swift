import Batching
import RadialEngine

/// What the elements of a tensor are, in a body of bytes: little-endian, row-major.
enum TensorElement: Sendable {
  case fp32, fp64, fp16, bf16
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64

  /// In bytes.
  var size: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .fp32, .uint32, .int32: 4
    case .fp64, .uint64, .int64: 8
    }
  }

  /// Converts elements in one pass; what is beyond Float32 becomes infinite.
  /// - Parameters:
  ///   - bytes: `count` elements, at any address.
  ///   - floats: room for `count`.
  private func convert(_ bytes: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>, count: Int) {
    func each<Element: BitwiseCopyable>(_: Element.Type, _ float: (Element) -> Float) {
      for index in 0..<count {
        floats[index] = float(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
      }
    }
    switch self {
    case .fp32:
      guard let start = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(floats).copyMemory(from: start, byteCount: bytes.count)
    case .fp64: each(Double.self) { Float($0) }
    case .fp16: each(Float16.self) { Float($0) }
    case .bf16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .uint8: each(UInt8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    }
  }

  /// Converts a tensor's bytes to rows in what `batch` keeps in reserve.
  /// - Parameter bytes: of a tensor [rows, D] of such elements.
  func read(_ bytes: Slice<UnsafeRawBufferPointer>, rows: Int, into batch: RowBatch) {
    let count = rows * batch.network.inputWidth
    precondition(bytes.count == count * size, "a tensor of another size than its shape's")
    convert(UnsafeRawBufferPointer(rebasing: bytes), to: batch.reserve(rows), count: count)
  }
}

import JSONCore

/// The elements of a binary tensor (little-endian, row-major, at any address) → floats.
enum TensorBytes {
  /// Converts in one pass; what is beyond Float32 becomes infinite.
  /// - Parameters:
  ///   - bytes: `count` elements of `datatype`.
  ///   - floats: room for `count`.
  static func convert(
    _ bytes: UnsafeRawBufferPointer, _ datatype: json_datatype, to floats: UnsafeMutablePointer<Float>, count: Int
  ) {
    precondition(bytes.count == count * json_size_of(datatype), "a tensor of another size than its shape's")
    func each<Element: BitwiseCopyable>(_: Element.Type, _ float: (Element) -> Float) {
      for index in 0..<count {
        floats[index] = float(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
      }
    }
    switch datatype {
    case JSON_FP32:
      guard let start = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(floats).copyMemory(from: start, byteCount: bytes.count)
    case JSON_FP64: each(Double.self) { Float($0) }
    case JSON_FP16: each(Float16.self) { Float($0) }
    case JSON_BF16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case JSON_UINT8: each(UInt8.self) { Float($0) }
    case JSON_UINT16: each(UInt16.self) { Float($0) }
    case JSON_UINT32: each(UInt32.self) { Float($0) }
    case JSON_UINT64: each(UInt64.self) { Float($0) }
    case JSON_INT8: each(Int8.self) { Float($0) }
    case JSON_INT16: each(Int16.self) { Float($0) }
    case JSON_INT32: each(Int32.self) { Float($0) }
    case JSON_INT64: each(Int64.self) { Float($0) }
    default: preconditionFailure("the decoder lets no other datatype pass")
    }
  }
}

/// The element types that we read (IV.A.2.d); all little-endian.
public enum HDF5Datatype: Sendable, Equatable {
  case float16, bfloat16, float32, float64
  /// Opaque bytes, which is how h5py stores a bfloat16 that it does not know.
  case opaque(bytes: Int)
  case integer(bytes: Int)
  /// Text of a fixed length, padded with nulls or blanks.
  case fixedString(bytes: Int)
  /// Text in a global heap.
  case variableString
  /// Any other, by its class.
  case other(class: Int, bytes: Int)

  /// Bytes of an element in the file.
  public var bytes: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    case .opaque(let bytes), .integer(let bytes), .fixedString(let bytes), .other(_, let bytes): bytes
    // Length, address and index of the heap object.
    case .variableString: 16
    }
  }

  init(_ body: ByteSlice, _ what: String) throws(FormatError) {
    let head = try body.integer(UInt8.self, at: 0, what)
    let flags = try body.integer(UInt8.self, at: 1, what)
    let size = Int(try body.integer(UInt32.self, at: 4, what))
    guard size > 0 else { throw .damaged("\(what) has elements of 0 bytes") }
    let isBigEndian = flags & 1 != 0
    switch head & 15 {
    case 0 where !isBigEndian: self = .integer(bytes: size)
    case 1 where !isBigEndian:
      let layout = FloatLayout(
        precision: try body.integer(UInt16.self, at: 10, what),
        exponentBits: try body.integer(UInt8.self, at: 13, what),
        mantissaBits: try body.integer(UInt8.self, at: 15, what), bias: try body.integer(UInt32.self, at: 16, what))
      switch (size, layout) {
      case (2, .half): self = .float16
      case (2, .brain): self = .bfloat16
      case (4, .single): self = .float32
      case (8, .double): self = .float64
      default: self = .other(class: 1, bytes: size)
      }
    case 3: self = .fixedString(bytes: size)
    case 5: self = .opaque(bytes: size)
    // Type 1 of a variable-length class is a string; others are sequences.
    case 9 where flags & 15 == 1 && size == 16: self = .variableString
    default: self = .other(class: Int(head & 15), bytes: size)
    }
  }
}

/// For sentences.
extension HDF5Datatype: CustomStringConvertible {
  /// As errors name it.
  public var description: String {
    switch self {
    case .float16, .bfloat16, .float32, .float64: "floating-point numbers of \(bytes) bytes"
    case .opaque: "opaque bytes, \(bytes) an element"
    case .integer: "whole numbers of \(bytes) byte\(bytes == 1 ? "" : "s")"
    case .fixedString, .variableString: "text"
    case .other(0, _): "whole numbers of \(bytes) bytes, the first byte the highest"
    case .other(1, _): "floating-point numbers of \(bytes) bytes in another format or order of bytes"
    case .other(6, _): "records of \(bytes) bytes"
    case .other: "elements of another type of HDF5, \(bytes) bytes each"
    }
  }
}

/// The bits of IEEE 754's formats and of bfloat16.
private struct FloatLayout: Equatable {
  let precision: UInt16
  let exponentBits: UInt8
  let mantissaBits: UInt8
  let bias: UInt32

  static let half = FloatLayout(precision: 16, exponentBits: 5, mantissaBits: 10, bias: 15)
  static let brain = FloatLayout(precision: 16, exponentBits: 8, mantissaBits: 7, bias: 127)
  static let single = FloatLayout(precision: 32, exponentBits: 8, mantissaBits: 23, bias: 127)
  static let double = FloatLayout(precision: 64, exponentBits: 11, mantissaBits: 52, bias: 1023)
}

/// The extent of a dataset or attribute (IV.A.2.b).
enum HDF5Dataspace {
  private static let maximumRank = 32

  /// The shape; [] is one element.
  static func shape(_ body: ByteSlice, _ what: String) throws(FormatError) -> [Int] {
    let version = try body.integer(UInt8.self, at: 0, what)
    let rank = Int(try body.integer(UInt8.self, at: 1, what))
    guard version == 1 || version == 2 else { throw .damaged("\(what) has a dataspace of version \(version)") }
    guard rank <= maximumRank else { throw .damaged("\(what) has \(rank) dimensions") }
    // Type 2 of version 2 is the null dataspace: no element at all.
    if version == 2, try body.integer(UInt8.self, at: 3, what) == 2 { return [0] }
    var shape: [Int] = []
    for index in 0..<rank {
      let dimension = try body.integer(UInt64.self, at: (version == 1 ? 8 : 4) + 8 * index, what)
      guard dimension < 1 << 48 else { throw .damaged("\(what) has a dimension of \(dimension)") }
      shape.append(Int(dimension))
    }
    return shape
  }

  /// How many bytes elements of `size` bytes in `shape` take.
  static func bytes(_ shape: [Int], size: Int, _ what: String) throws(FormatError) -> Int {
    var total = size
    for dimension in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw .damaged("\(what) has the impossible shape \(shape)") }
      total = product
    }
    return total
  }
}

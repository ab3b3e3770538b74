import Bytes
import JSON

// The protocol's names of datatypes. BOOL and BYTES are no numbers, and none of them is an input here.
extension NumberType {
  /// As errors list them.
  static let names = "FP32, FP64, FP16, BF16, INT8 to INT64 or UINT8 to UINT64"

  /// nil: it is no datatype of an input.
  init?(_ name: borrowing JSONText) {
    switch name {
    case "FP32": self = .float32
    case "FP64": self = .float64
    case "FP16": self = .float16
    case "BF16": self = .bfloat16
    case "UINT8": self = .uint8
    case "UINT16": self = .uint16
    case "UINT32": self = .uint32
    case "UINT64": self = .uint64
    case "INT8": self = .int8
    case "INT16": self = .int16
    case "INT32": self = .int32
    case "INT64": self = .int64
    default: return nil
    }
  }

  /// Its name, and how its numbers are written in JSON; nil: they are not.
  var written: (name: StaticString, type: JSONNumberType?) {
    switch self {
    case .bool: ("BOOL", nil)
    case .float32: ("FP32", .float)
    case .float64: ("FP64", .float)
    case .float16: ("FP16", nil)
    case .bfloat16: ("BF16", nil)
    case .uint8: ("UINT8", .uint8)
    case .uint16: ("UINT16", .uint16)
    case .uint32: ("UINT32", .uint32)
    case .uint64: ("UINT64", .uint64)
    case .int8: ("INT8", .int8)
    case .int16: ("INT16", .int16)
    case .int32: ("INT32", .int32)
    case .int64: ("INT64", .int64)
    }
  }
}

import FileFormats

// The messages of onnx.proto that a network is described by: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Fields that say nothing of
// what is computed are passed over unread.

/// What an ONNX file holds.
struct ONNXModel {
  var producer = ""
  /// Of the operators' own domain.
  var opset = 0
  var metadata: [String: String] = [:]
  var graph = ONNXGraph()
}

/// The network.
struct ONNXGraph {
  var nodes: [ONNXNode] = []
  var initializers: [String: ONNXTensor] = [:]
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []

  /// How often each value is read by `nodes`, and once more where it is an output: it may go when that many readers had it.
  func readers(among nodes: [ONNXNode]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for name in nodes.flatMap(\.inputs) + outputs.map(\.name) { counts[name, default: 0] += 1 }
    return counts
  }
}

/// One operator with where its values come from and go to.
struct ONNXNode {
  var inputs: [String] = []
  var outputs: [String] = []
  var name = ""
  var operation = ""
  var domain = ""
  var attributes: [String: ONNXAttribute] = [:]

  /// For sentences.
  var title: String {
    let name = name.isEmpty ? outputs.first ?? "" : name
    return "node '\(JSONValue.shortened(name))' (\(JSONValue.shortened(operation)))"
  }
}

/// What is said of an operator beside its inputs.
enum ONNXAttribute {
  case float(Float)
  case integer(Int)
  case text(String)
  case tensor(ONNXTensor)
  case floats([Float])
  case integers([Int])
  case texts([String])
  /// A graph of its own, of a condition or loop.
  case graph
  case other
}

/// A value that a graph is given or gives.
struct ONNXValueInfo {
  enum Size: Equatable {
    case fixed(Int)
    /// By name, or not said.
    case open(String)
  }

  var name = ""
  /// nil: it is no tensor.
  var type: Int?
  /// nil: not said.
  var shape: [Size]?
}

/// Numbers of a graph, as they lie in the file or beside it.
struct ONNXTensor {
  var name = ""
  var type = 0
  var shape: [Int] = []
  /// Little-endian numbers of the type; nil: they were typed fields.
  var bytes: ByteSlice?
  /// Typed fields.
  var floats: [Float] = []
  var doubles: [Double] = []
  /// Whole numbers, and patterns of 16 bits.
  var integers: [Int64] = []

  var count: Int { shape.reduce(1, *) }
}

/// TensorProto.DataType.
enum ONNXType: Int {
  case undefined, float, uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
  case complex64, complex128, bfloat16, float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, uint4, int4,
    float4e2m1

  /// Of a number; nil: the type is not read.
  var bytes: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64: 8
    default: nil
    }
  }

  /// Whether it is a kind of number with a point.
  var isFloating: Bool {
    switch self {
    case .float, .double, .float16, .bfloat16: true
    default: false
    }
  }
}

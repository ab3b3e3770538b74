import Foundation

/// A file of ONNX under names of a test's own: rows of 3 numbers, a dense layer of 2 units, an RBF layer of two classes.
struct ONNXGraph {
  var input = "input"
  /// exp(−0.5 d²)
  var outputs = "probabilities"
  /// d²; nil: the graph does not give it.
  var distances: String?
  /// The dense layer's; nil: the graph does not give it.
  var embedding: String?
  /// Whose weights lie in this file beside it; nil: none do.
  var data: String?
  var labels: [String] = []

  static let weights: [(name: String, shape: [Int], values: [Float])] = [
    ("W", [3, 2], [1, -0.5, 0.25, 2, -1, 0.75]), ("B", [2], [0.1, -0.2]), ("C", [2, 2], [0.5, 1, 3, -1]),
    ("G", [], [-0.5]),
  ]

  /// What the files hold.
  static var dataBytes: Data { weights.reduce(Data()) { $0 + Data(elements: $1.values) } }

  var bytes: Data {
    let (embedding, distances) = (embedding ?? "\u{2}e", distances ?? "\u{2}d")
    var graph: [UInt8] = []
    func node(_ operation: String, _ inputs: [String], _ output: String, _ attributes: [[UInt8]] = []) {
      graph += Self.field(
        1,
        inputs.flatMap { Self.field(1, $0) } + Self.field(2, output) + Self.field(3, "node of \(operation)")
          + Self.field(4, operation) + attributes.flatMap { Self.field(5, $0) })
    }
    node("Gemm", [input, "W", "B"], embedding)
    node("Unsqueeze", [embedding, "A"], "\u{2}u")
    node("Sub", ["\u{2}u", "C"], "\u{2}s")
    node("Mul", ["\u{2}s", "\u{2}s"], "\u{2}q")
    node("ReduceSum", ["\u{2}q", "L"], distances, [Self.field(1, "keepdims") + Self.field(20, 2) + Self.field(3, 0)])
    node("Mul", [distances, "G"], "\u{2}m")
    node("Exp", ["\u{2}m"], outputs)
    var offset = 0
    for (name, shape, values) in Self.weights {
      let tensor = shape.flatMap { Self.field(1, $0) } + Self.field(2, 1) + Self.field(8, name)
      let length = 4 * values.count
      if let data {
        let places = [("location", data), ("offset", "\(offset)"), ("length", "\(length)")]
        graph += Self.field(
          5, tensor + places.flatMap { Self.field(13, Self.field(1, $0) + Self.field(2, $1)) } + Self.field(14, 1))
      } else {
        graph += Self.field(5, tensor + Self.field(9, [UInt8](Data(elements: values))))
      }
      offset += length
    }
    for (name, value) in [("A", 1), ("L", -1)] {
      graph += Self.field(
        5, Self.field(1, 1) + Self.field(2, 7) + Self.field(8, name) + Self.field(9, [UInt8](Data(elements: [value]))))
    }
    graph += Self.field(11, Self.value(input, width: 3)) + Self.field(12, Self.value(outputs, width: 2))
    if let name = self.distances { graph += Self.field(12, Self.value(name, width: 2)) }
    if let name = self.embedding { graph += Self.field(12, Self.value(name, width: 2)) }
    var model = Self.field(1, 8) + Self.field(2, "test") + Self.field(7, graph) + Self.field(8, Self.field(2, 13))
    if !labels.isEmpty { model += Self.field(14, Self.field(1, "radial.labels") + Self.field(2, "\(labels)")) }
    return Data(model)
  }

  /// [N, width] of float.
  private static func value(_ name: String, width: Int) -> [UInt8] {
    let sizes = field(1, field(2, "N")) + field(1, field(1, width))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, sizes)))
  }

  // MARK: Protobuf

  private static func varint(_ value: Int) -> [UInt8] {
    var (rest, bytes): (UInt64, [UInt8]) = (UInt64(bitPattern: Int64(value)), [])
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func field(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }

  private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
}

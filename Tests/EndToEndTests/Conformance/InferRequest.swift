/// A request of the Open Inference Protocol: JSON, and behind it the bytes of its binary inputs.
///
/// Shapes, data and members are text, so that a wrong one can be said as easily as a right one.
struct InferRequest {
  var inputs: [String]
  /// Members of the request beside `inputs`, such as `"id":"42"`.
  var members: [String] = []
  var tail: [UInt8] = []
  /// Blanks behind the JSON, which count as part of it.
  var padding = 0

  /// One input as JSON numbers.
  init(_ data: String, shape: String, datatype: String = "FP32", _ members: String...) {
    inputs = [Self.input(shape, "\"data\":\(data)", datatype: datatype)]
    self.members = members
  }

  /// One input as bytes.
  init(bytes: [UInt8], shape: String, datatype: String = "FP32", _ members: String...) {
    inputs = [Self.input(shape, Self.size(bytes.count), datatype: datatype)]
    self.members = members
    tail = bytes
  }

  init(inputs: [String], tail: [UInt8] = []) {
    self.inputs = inputs
    self.tail = tail
  }

  static func input(_ shape: String, _ source: String, name: String = "x", datatype: String = "FP32") -> String {
    #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(datatype)",\#(source)}"#
  }

  static func size(_ count: Int) -> String { #""parameters":{"binary_data_size":\#(count)}"# }

  /// What a client asks for in order to have the outputs that it does not list as bytes.
  static let binaryOutput = #""parameters":{"binary_data_output":true}"#

  var json: String {
    "{" + (members + ["\"inputs\":[\(inputs.joined(separator: ","))]"]).joined(separator: ",") + "}"
      + String(repeating: " ", count: padding)
  }

  var body: [UInt8] { Array(json.utf8) + tail }

  /// As the Python client sends it: only where bytes follow.
  var headers: [String] { tail.isEmpty ? [] : ["Inference-Header-Content-Length: \(json.utf8.count)"] }
}

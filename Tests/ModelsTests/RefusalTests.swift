import Foundation
import RadialEngine
import TestSupport
import Testing

@testable import Models

/// A small model file that a test can damage: Dense 4 → 3, RBF 2, with labels, calibration and self-test.
struct Crafted {
  var tensors: [(name: String, type: String, shape: [Int], bytes: Data)] = []
  var metadata: [String: String] = [
    "format": "radial", "radial.version": "1",
    "radial.architecture":
      #"{"version":1,"input_shape":[4],"layers":[{"type":"dense","name":"d","units":3,"activation":"tanh","use_bias":true},{"type":"rbf","name":"r","units":2,"output":"gaussian","scale":0.5,"centers_layout":"features_units"}]}"#,
    "radial.labels": #"["a","b"]"#,
    "radial.calibration": #"{"method":"split_conformal","false_reject_rate":0.1,"rows":5}"#,
  ]

  init() {
    add("d.kernel", [4, 3], (0..<12).map { Float($0) * 0.1 })
    add("d.bias", [3], [0, 0.1, 0.2])
    add("r.centers", [3, 2], [0, 0.5, 0, 0.5, 0, 0.5])
    add("calibration.distances", [5], [0.1, 0.2, 0.3, 0.1, 0.4])
    addIntegers("calibration.offsets", [3], [0, 3, 5])
  }

  mutating func addIntegers(_ name: String, _ shape: [Int], _ values: [Int]) {
    tensors.append(
      (
        name, "I64", shape,
        values.reduce(into: Data()) { data, value in
          withUnsafeBytes(of: Int64(value).littleEndian) { data.append(contentsOf: $0) }
        }
      ))
  }

  mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensors.append(
      (
        name, "F32", shape,
        values.reduce(into: Data()) { data, value in
          withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
      ))
  }

  mutating func setInputName(_ name: String) {
    metadata["radial.version"] = "1.1"
    metadata["radial.architecture"]!.replace("{\"version\":1,", with: "{\"version\":1,\"input_name\":\"\(name)\",")
  }

  mutating func set(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensors.removeAll { $0.name == name }
    add(name, shape, values)
  }

  var data: Data {
    var header: [String: Any] = ["__metadata__": metadata]
    var offset = 0
    for tensor in tensors {
      header[tensor.name] = [
        "dtype": tensor.type, "shape": tensor.shape, "data_offsets": [offset, offset + tensor.bytes.count],
      ]
      offset += tensor.bytes.count
    }
    // Made of strings and numbers here above: always JSON.
    let text = try! JSONSerialization.data(withJSONObject: header)
    var data = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    data += text
    for tensor in tensors { data += tensor.bytes }
    return data
  }
}

/// Writes data to a file of its own and loads it.
func load(_ data: Data) throws -> Model {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("m\(UUID().uuidString).safetensors")
  try data.write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try Model.load(path: url.path, name: "m")
}

@Suite struct RefusalTests {
  @Test func `the crafted file itself is fine`() throws {
    let model = try load(Crafted().data)
    try model.selfTest()
    #expect(model.labels == ["a", "b"])
    #expect(model.isClassifier && model.network.parameterCount == 21)
    #expect(model.summary(proofAdvice: "").contains("rbf"))
  }

  /// A change, and what the refusal must say.
  static let changes: [(String, ModelError.Reason, @Sendable (inout Crafted) -> Void)] = [
    ("radial.architecture", .architecture, { $0.metadata["radial.architecture"] = nil }),
    ("malformed", .architecture, { $0.metadata["radial.architecture"] = "{" }),
    (
      "version 2", .architecture,
      { $0.metadata["radial.architecture"] = #"{"version":2,"input_shape":[4],"layers":[]}"# }
    ),
    (
      "a calibration was found in a network whose classes have no prototypes", .metadata,
      {
        $0.metadata["radial.architecture"] =
          #"{"version":1,"input_shape":[4],"layers":[{"type":"dense","name":"d","units":2,"activation":"softmax"}]}"#
        $0.set("d.kernel", [4, 2], [Float](repeating: 1, count: 8))
        $0.set("d.bias", [2], [0, 0])
      }
    ),
    (
      "'filters' is missing", .architecture,
      {
        $0.metadata["radial.architecture"] =
          #"{"version":1,"input_shape":[2,2,1],"layers":[{"type":"conv2d","name":"c"}]}"#
      }
    ),
    (
      "unknown layer type", .architecture,
      { $0.metadata["radial.architecture"] = #"{"version":1,"input_shape":[4],"layers":[{"type":"lstm","name":"c"}]}"# }
    ),
    ("'mish'", .architecture, { $0.metadata["radial.architecture"]!.replace("tanh", with: "mish") }),
    ("two layers", .architecture, { $0.metadata["radial.architecture"]!.replace("\"r\"", with: "\"d\"") }),
    (
      "'units' is 0", .architecture, { $0.metadata["radial.architecture"]!.replace("\"units\":2", with: "\"units\":0") }
    ),
    (
      "'units' is 9000000000", .architecture,
      { $0.metadata["radial.architecture"]!.replace("\"units\":2", with: "\"units\":9000000000") }
    ),
    ("input_shape", .architecture, { $0.metadata["radial.architecture"]!.replace("[4]", with: "[0]") }),
    ("unknown output", .architecture, { $0.metadata["radial.architecture"]!.replace("gaussian", with: "cosine") }),
    ("'scale' is missing", .architecture, { $0.metadata["radial.architecture"]!.replace("\"scale\":0.5,", with: "") }),
    ("format", .architecture, { $0.metadata["format"] = "pt" }),
    ("radial.version", .architecture, { $0.metadata["radial.version"] = "2" }),
    ("'input_name' is \"\", expected a text of 1 to 1024 bytes", .architecture, { $0.setInputName("") }),
    (
      "x…\", expected a text of 1 to 1024 bytes", .architecture,
      { $0.setInputName(String(repeating: "x", count: 1025)) }
    ),
    ("missing", .tensor, { $0.tensors.removeAll { $0.name == "r.centers" } }),
    (
      "shape [2, 3], expected [3, 2] (3 outputs of layer 'd')", .tensor,
      { $0.set("r.centers", [2, 3], [0, 0, 0, 0, 0, 0]) }
    ),
    ("finite", .tensor, { $0.set("d.bias", [3], [0, .nan, 0]) }),
    ("finite", .tensor, { $0.set("d.bias", [3], [0, .infinity, 0]) }),
    ("labels", .metadata, { $0.metadata["radial.labels"] = #"["a"]"# }),
    ("labels", .metadata, { $0.metadata["radial.labels"] = #"{}"# }),
    ("label 1 of 2 is empty", .metadata, { $0.metadata["radial.labels"] = #"["a",""]"# }),
    ("preprocessing", .metadata, { $0.metadata["radial.preprocessing"] = #"{"scale":"x"}"# }),
    ("training", .metadata, { $0.metadata["radial.training"] = "[" }),
    ("split_conformal", .metadata, { $0.metadata["radial.calibration"]!.replace("split_conformal", with: "magic") }),
    ("false_reject_rate", .metadata, { $0.metadata["radial.calibration"]!.replace("0.1", with: "1.5") }),
    ("[6]", .tensor, { $0.metadata["radial.calibration"]!.replace("5}", with: "6}") }),
    ("ascend", .metadata, { $0.set("calibration.distances", [5], [0.3, 0.2, 0.1, 0.1, 0.4]) }),
    ("ascend", .metadata, { $0.set("calibration.distances", [5], [-0.1, 0.2, 0.3, 0.1, 0.4]) }),
    ("I64", .tensor, { $0.set("calibration.offsets", [3], [0, 3, 5]) }),
    ("selftest.outputs", .tensor, { $0.set("selftest.inputs", [1, 4], [0, 0, 0, 0]) }),
  ]

  @Test func `every refusal names the file, the place and what was expected`() throws {
    for (part, reason, change) in Self.changes {
      var crafted = Crafted()
      change(&crafted)
      let error = #expect(throws: ModelError.self, "\(part)") { try load(crafted.data) }
      #expect(error?.reason == reason, "\(part): \(error?.description ?? "")")
      #expect(error?.description.contains(part) == true, "\(part): \(error?.description ?? "")")
      #expect(error?.description.contains(".safetensors: ") == true)
    }
  }

  @Test func `a self-test that fails keeps the model from being ready`() throws {
    var crafted = Crafted()
    crafted.set("selftest.inputs", [1, 4], [1, 2, 3, 4])
    crafted.set("selftest.outputs", [1, 2], [0.5, 0.5])
    let model = try load(crafted.data)
    let error = #expect(throws: ModelError.self) { try model.selfTest() }
    #expect(error?.reason == .selfTest)
  }

  @Test func `damaged copies: loaded or refused, never a crash`() throws {
    let whole = Crafted().data
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    var refused = 0
    for _ in 0..<mutations(2000) {
      var data = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) where !data.isEmpty {
        let place = Int.random(
          in: 0..<(Bool.random(using: &random) ? min(900, data.count) : data.count), using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: data[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: data[place] = UInt8.random(in: 0...255, using: &random)
        case 2: data.remove(at: place)
        default: data = data.prefix(place)
        }
      }
      do {
        _ = try load(data)
      } catch let error as ModelError {
        refused += 1
        #expect(error.description.count > 20, "seed \(seed)")
      }
    }
    #expect(refused > mutations(2000) / 2, "seed \(seed)")
  }

  @Test func `p-values rank a distance among the class's own`() throws {
    let calibration = try #require(try load(Crafted().data).calibration)
    #expect(calibration.pValue(class: 0, distance: 0) == 1)
    #expect(calibration.pValue(class: 0, distance: 0.2) == 0.75)
    #expect(calibration.pValue(class: 0, distance: 9) == 0.25)
    #expect(calibration.pValue(class: 1, distance: 0.2) == 2.0 / 3)
    #expect(calibration.pValue(class: 1, distance: .infinity) == 1.0 / 3)
    // Farther than everything: what is not a number is not known.
    #expect(calibration.pValue(class: 1, distance: .nan) == 1.0 / 3)
  }

  @Test func `half, bfloat and double tensors are converted`() throws {
    var crafted = Crafted()
    crafted.tensors.removeAll { $0.name == "d.bias" }
    crafted.tensors.append(("d.bias", "F16", [3], Data([0x00, 0x3c, 0x01, 0x00, 0x00, 0xc0])))
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("m\(UUID().uuidString).safetensors")
    try crafted.data.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    #expect(try SafetensorsFile(path: url.path).floats("d.bias", shape: [3], reason: "") == [1, 0x1p-24, -2])
  }

  @Test func `SHA-256 is FIPS 180-4's`() {
    let digest = "abc".utf8.withContiguousStorageIfAvailable { FileInformation.sha256(UnsafeRawBufferPointer($0)) }
    #expect(digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}

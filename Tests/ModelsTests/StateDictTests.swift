import Foundation
import Testing

@testable import Models

/// Weights as PyTorch names and lays them, beside a description that says so.
@Suite struct StateDictTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID())")

  private static let dense =
    #"{"type":"dense","name":"fc","units":2,"kernel_layout":"units_features","tensors":{"kernel":"0.weight","bias":"0.bias"}}"#
  private static let rbf =
    #"{"type":"rbf","name":"head","units":2,"scale":0.5,"tensors":{"centers":"2.centers"},"centers_layout":"units_features"}"#

  /// A file of tensors of Float32.
  private func write(_ layers: [String], input: String = "[3]", _ tensors: [(String, [Int], [Float])]) throws -> String
  {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var (header, data): ([String: Any], Data) = ([:], Data())
    for (name, shape, values) in tensors {
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [data.count, data.count + 4 * values.count]]
      for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    }
    header["__metadata__"] = [
      "format": "radial", "radial.version": "1.2",
      "radial.architecture": #"{"version":1,"input_shape":\#(input),"layers":[\#(layers.joined(separator: ","))]}"#,
    ]
    let text = try JSONSerialization.data(withJSONObject: header)
    var file = Data()
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { file.append(contentsOf: $0) }
    let path = folder.appendingPathComponent("\(UUID()).safetensors")
    try (file + text + data).write(to: path)
    return path.path
  }

  private static let weights: [(String, [Int], [Float])] = [
    ("0.weight", [2, 3], [1, 2, 3, -1, 0.5, 4]), ("0.bias", [2], [0.25, -0.5]), ("2.centers", [2, 2], [1, 0, 0, 3]),
  ]

  @Test func `a state dict is served as it is, and converted to the plain form`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try write([Self.dense, Self.rbf], Self.weights)
    let model = try Model.load(path: path)
    // x · Wᵀ + b, by hand: [1, -1, 2] gives [5.25, 6].
    let answers = model.answers(to: [1, -1, 2])
    let expected: [Float] = [54.0625, 36.5625]
    #expect(answers.distances == expected)
    let plain = folder.appendingPathComponent("plain.safetensors").path
    try Model.convert(path, to: plain)
    let file = try SafetensorsFile(path: plain)
    #expect(Set(file.tensors.keys) == ["fc.kernel", "fc.bias", "head.centers"])
    #expect(file.tensors["fc.kernel"]?.shape == [3, 2] && file.tensors["fc.kernel"]?.floats == [1, -1, 2, 0.5, 3, 4])
    #expect(try Model.load(path: plain).answers(to: [1, -1, 2]).distances == answers.distances)
  }

  @Test func `kernels of images lie as PyTorch has them`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let own =
      #"{"type":"conv2d","name":"c","filters":2,"kernel_size":[2,1],"use_bias":false,"kernel_layout":"oihw","tensors":{"kernel":"w"}}"#
    let plain = #"{"type":"conv2d","name":"c","filters":2,"kernel_size":[2,1],"use_bias":false}"#
    let flat = #"{"type":"flatten","name":"f"}"#
    // [out, in, rows, columns] and [rows, columns, in, out] of the same numbers.
    let one = try write([own, flat], input: "[2,2,2]", [("w", [2, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8])])
    let other = try write([plain, flat], input: "[2,2,2]", [("c.kernel", [2, 1, 2, 2], [1, 5, 3, 7, 2, 6, 4, 8])])
    let row: [Float] = [1, -2, 0.5, 3, 4, -1, 2, 0]
    #expect(try Model.load(path: one).answers(to: row).outputs == Model.load(path: other).answers(to: row).outputs)
  }

  static let wrong: [(layer: String, sentence: String)] = [
    (dense.replacing("0.weight", with: "1.weight"), "names '1.weight', which the file does not have"),
    (dense.replacing("units_features", with: "oihw"), "'kernel_layout' is \"oihw\", expected one of features_units"),
    (dense.replacing(#"{"kernel":"0.weight","bias":"0.bias"}"#, with: "3"), "'tensors' is 3, expected an object"),
    (dense.replacing(#""0.bias""#, with: "7"), "names 7 for 'bias'"),
    (dense.replacing(#""bias":"#, with: #""bais":"#), "tensor 'fc.bias' is missing"),
    (dense.replacing(#""kernel_layout":"units_features","#, with: ""), "expected [3, 2]"),
    (#"{"type":"dropout","name":"fc","kernel_layout":"oihw"}"#, "unknown member 'kernel_layout'"),
  ]

  @Test(arguments: wrong.indices)
  func `what does not fit is refused by the layer's name`(index: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (layer, sentence) = Self.wrong[index]
    let path = try write([layer, Self.rbf], Self.weights)
    let error = #expect(throws: ModelError.self) { try Model.load(path: path) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }
}

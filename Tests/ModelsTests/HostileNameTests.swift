import FileFormats
import Foundation
import TestSupport
import Testing

@testable import Models

/// What strangers may put into a file besides a network: names that steer a terminal, tensors of their own, much that unpacks from little.
@Suite struct HostileNameTests {
  @Test func `names of a file do not reach a terminal or a log as commands`() throws {
    var crafted = Crafted()
    crafted.metadata["radial.labels"] = #"["a\u001b[31m","b\n\u009b0m"]"#
    let model = try load(crafted.data)
    #expect(model.labels == ["a\u{1b}[31m", "b\n\u{9b}0m"])
    #expect(model.summary(proofAdvice: "").contains("Labels: a?[31m, b??0m"))
    crafted.metadata["radial.architecture"]!.replace(#""name":"d""#, with: #""name":"d\u001b[2J\n""#)
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("tensor 'd?[2J?.kernel' is missing") == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("BOOL", 1), ("U8", 1), ("I8", 1), ("F8_E4M3", 1), ("F8_E5M2", 1), ("I16", 2), ("U16", 2), ("I32", 4), ("U32", 4),
    ("U64", 8), ("C64", 8),
  ])
  func `a tensor of one's own may have any type, and is kept`(type: String, bytes: Int) throws {
    var crafted = Crafted()
    let content = Data((0..<3 * bytes).map { UInt8($0) })
    crafted.tensors.append(("mine", type, [3], content))
    let folder = FileManager.default.temporaryDirectory
    let input = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
    let output = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
    defer { for file in [input, output] { try? FileManager.default.removeItem(at: file) } }
    try crafted.data.write(to: input)
    try Model.convert(input.path, to: output.path)
    let tensor = try #require(try SafetensorsFile(path: output.path).tensors["mine"])
    #expect(tensor.type.rawValue == type && tensor.shape == [3] && Data(tensor.bytes.array) == content)
    crafted.tensors[1] = ("d.bias", type, [3], content)
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("'d.bias' is \(type), expected F64, F32, F16 or BF16") == true)
  }

  @Test func `weights that are packed as no weights are take no memory`() throws {
    var zip = StoredZip(reading: try Data(contentsOf: KerasFileTests.folder.appendingPathComponent("trained.keras")))
    zip.set("model.weights.h5", Data(count: 1 << 20))
    var bytes = [UInt8](zip.data)
    // The directory's entry: deflated, and 70 MiB long when it is inflated.
    let name = Array("model.weights.h5".utf8)
    let entry = try #require(bytes.indices.last { bytes[$0...].starts(with: name) }) - 46
    bytes[entry + 10] = 8
    for (index, byte) in withUnsafeBytes(of: UInt32(70 << 20).littleEndian, Array.init).enumerated() {
      bytes[entry + 24 + index] = byte
    }
    let error = #expect(throws: ModelError.self) { try load(Data(bytes)) }
    let part = "'model.weights.h5' has 73400320 bytes packed in 1048576"
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `types of HDF5 are told in words`() {
    let types: [HDF5Datatype] = [
      .float16, .bfloat16, .float32, .float64, .opaque(bytes: 3), .integer(bytes: 4), .fixedString(bytes: 9),
      .variableString, .other(class: 0, bytes: 4), .other(class: 1, bytes: 4), .other(class: 6, bytes: 8),
      .other(class: 10, bytes: 8),
    ]
    for type in types {
      #expect("\(type)".contains(" ") || "\(type)" == "text")
      #expect(!"\(type)".contains("("), "\(type)")
    }
  }

  @Test func `what is no model is refused as that, whatever flags came with it`() {
    let error = #expect(throws: ModelError.self) {
      let whole = try Data(contentsOf: KerasFileTests.folder.appendingPathComponent("trained.keras"))
      let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).keras")
      try (Data("junk".utf8) + whole).write(to: url)
      defer { try? FileManager.default.removeItem(at: url) }
      _ = try Model.load(path: url.path, options: LoadOptions(gamma: 1))
    }
    #expect(error?.description.contains("leave them out") == false, "\(error?.description ?? "")")
  }
}

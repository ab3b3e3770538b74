import Foundation
import Testing

@testable import Models

/// Files of other programs in a model's place.
@Suite struct ForeignFileTests {
  /// A field of a protocol buffer that has a length.
  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static let graph = field(7, field(1, field(4, text("Gemm"))))

  static let kinds: [(what: String, bytes: [UInt8])] = [
    ("a PyTorch file", zip(["archive/data.pkl", "archive/version"])),
    ("a PyTorch file", [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
    ("a Python pickle", [0x80, 2] + text("]q\0.")),
    ("a Python pickle", [0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0] + text("}.")),
    ("a joblib file", [0x80, 3] + text("cjoblib.numpy_pickle\nNumpyArrayWrapper\n")),
    ("a pickled scikit-learn object", [0x80, 3] + text("csklearn.neural_network\nMLPClassifier\n")),
    ("packed by zlib, as joblib", [0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0, 2, 0x4d, 1, 0x27]),
    ("the graph has 0 inputs", [0x08, 9] + field(2, text("pytorch")) + graph + field(8, [0x10, 17])),
    ("a TensorFlow SavedModel", [0x08, 1] + field(2, field(1, text("meta")))),
    ("a TensorFlow SavedModel", zip(["model/saved_model.pb"])),
    ("a TensorFlow graph", field(1, field(1, text("x"))) + field(1, field(1, text("y"))) + field(4, [8, 27])),
    ("a Core ML model", [0x08, 4] + field(2, [0x0a, 0]) + [0xa2, 0x1f, 1, 0]),
    ("a TensorFlow Lite model", [0x1c, 0, 0, 0] + text("TFL3") + [UInt8](repeating: 0, count: 16)),
    ("a NumPy array", [0x93] + text("NUMPY\u{1}\0")), ("NumPy arrays (.npz)", zip(["a.npy", "b.npy"])),
    ("a GGUF language model", text("GGUF") + [3, 0, 0, 0]), ("packed by gzip", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
    ("decision trees as JSON", text(#"{"learner":{"attributes":{}}}"#)),
    ("configuration without its weights", text(#"{"class_name": "Sequential", "config": {}}"#)),
    ("it is JSON", text("[[1, 2], [3, 4]]")), ("a notebook", text(#"{"cells": [], "nbformat": 4}"#)),
    ("a table of rows (CSV)", text("a,b\n1,2\n")), ("it is text", text("hello\n")),
    ("a pointer of Git LFS", text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")),
    ("a web page", text("<!DOCTYPE html><html></html>")), ("XML, such as PMML", text("<?xml version='1.0'?>")),
    ("an IDX file", [0, 0, 8, 1, 0, 0, 0, 1, 7]), ("a Parquet table", text("PAR1") + [0, 0]),
    ("office program", zip(["[Content_Types].xml"])),
    ("whose members lie in the folder 'model'", zip(["model/config.json", "model/model.weights.h5"])),
    ("without the config.json of a Keras file (it has 'a')", zip(["a"])),
  ]

  private static func zip(_ names: [String]) -> [UInt8] {
    [UInt8](StoredZip(members: names.map { ($0, Data("x".utf8)) }).data)
  }

  @Test(arguments: kinds.indices)
  func `each is named for what it is, with what to do`(index: Int) throws {
    let kind = Self.kinds[index]
    let error = #expect(throws: ModelError.self) { try load(Data(kind.bytes)) }
    #expect(error?.description.contains(kind.what) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("; ") == true)
  }

  /// Almost messages of one of the kinds: a field too many, cut short, a number where a text belongs.
  static let resembling: [[UInt8]] = [
    [0x08, 9] + graph + [0x4a, 1, 0], [0x08, 9] + graph.dropLast(), graph.dropLast(2) + [0x08], [0x08, 9, 0x38, 1],
    [0x08, 2, 0x12, 0x80],
  ]

  @Test(arguments: resembling)
  func `bytes that only resemble a protocol buffer are not taken for one`(bytes: [UInt8]) throws {
    let error = #expect(throws: ModelError.self) { try load(Data(bytes)) }
    #expect(error?.description.contains("no safetensors file") == true, "\(error?.description ?? "")")
  }

  @Test func `a directory is named, and a SavedModel among them`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let plain = #expect(throws: ModelError.self) { try Model.load(path: folder.path) }
    #expect(plain?.description.contains("it is a directory") == true)
    try Data([8, 1]).write(to: folder.appendingPathComponent("saved_model.pb"))
    let saved = #expect(throws: ModelError.self) { try Model.load(path: folder.path) }
    #expect(saved?.description.contains("it is a TensorFlow SavedModel") == true)
  }
}

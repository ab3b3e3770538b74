import Foundation
import RadialEngine
import Testing

@testable import Models

/// Graphs of ONNX as several exporters write them, with the answers that they mean.
@Suite struct ONNXGoldenTests {
  static let folder = Bundle.module.url(forResource: "ONNX", withExtension: nil)!
  static let cases = try! FileManager.default.contentsOfDirectory(atPath: folder.path)
    .filter { $0 != "refused" && !$0.hasSuffix(".md") && !$0.hasSuffix(".py") }.sorted()

  private func path(_ name: String) -> String { Self.folder.appendingPathComponent("\(name)/model.onnx").path }

  private func vectors(_ name: String) throws -> Vectors {
    try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: Self.folder.appendingPathComponent("\(name)/vectors.json")))
  }

  @Test func `there are 82 graphs`() { #expect(Self.cases.count == 82) }

  @Test(arguments: cases)
  func `a graph gives the answers that it means, in any batch`(name: String) throws {
    let vectors = try vectors(name)
    let rows = vectors.inputs.map(\.values)
    for set in InstructionSet.available {
      let model = try Model.load(path: path(name), instructionSet: set)
      let answers = Answers(model, rows)
      let share = answers.share(of: vectors, model)
      #expect(share <= 1, "\(set): \(share) of the allowance")
      let (width, classes) = (model.network.outputWidth, model.network.distanceWidth)
      for (index, row) in rows.enumerated() {
        let alone = Answers(model, [row])
        #expect(
          alone.outputs.map(\.bitPattern) == answers.outputs[index * width..<(index + 1) * width].map(\.bitPattern))
        #expect(
          alone.distances.map(\.bitPattern)
            == answers.distances[index * classes..<(index + 1) * classes].map(\.bitPattern))
      }
    }
  }

  @Test(arguments: cases)
  func `what a graph is converted to gives the same bits`(name: String) throws {
    let vectors = try vectors(name)
    let rows = vectors.inputs.map(\.values)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let target = folder.appendingPathComponent("model.safetensors").path
    try Model.convert(path(name), to: target)
    let (graph, own) = (try Model.load(path: path(name)), try Model.load(path: target))
    #expect(Answers(graph, rows).isIdentical(to: Answers(own, rows)))
    #expect(own.inputShape == graph.inputShape && own.inputName == graph.inputName)
    #expect(own.outputNames == graph.outputNames && graph.outputNames != nil)
  }

  /// The whole table, printed: the largest deviation as a share of the allowance.
  @Test func `the table of graphs stays within the rule`() throws {
    var lines = ["| graph | became | share |", "|---|---|---|"]
    for name in Self.cases {
      let vectors = try vectors(name)
      let model = try Model.load(path: path(name))
      let share = Answers(model, vectors.inputs.map(\.values)).share(of: vectors, model)
      let layers = model.layers.map { layer in
        layer.type + (layer.activation.map { $0 == "linear" ? "" : " \($0)" } ?? "")
      }
      lines.append("| \(name) | \(layers.joined(separator: ", ")) | \(String(format: "%.4f", share)) |")
    }
    print(lines.joined(separator: "\n"))
    #expect(lines.count == 2 + Self.cases.count)
  }

  struct Refused: Decodable, CustomTestStringConvertible {
    struct Link: Decodable {
      let path: String
      let to: String
    }
    let name: String
    let mustMention: [String]
    let makeLinkFirst: Link?
    var testDescription: String { name }
  }

  /// What was refused when the graphs were collected, and has become layers since.
  static let servedSince = [
    "no_rbf": "classifier by the largest of 3 outputs",
    "euclidean": "classifier by the nearest of 4 prototypes",
    "kernel_laplace": "classifier by the nearest of 4 prototypes",
    "kernel_inverse_quadratic": "classifier by the nearest of 4 prototypes",
    "kernel_matern32": "classifier by the nearest of 4 prototypes",
    "normalised_rbf": "classifier by the nearest of 4 prototypes",
    "duq_sigma_per_class": "classifier by the nearest of 4 prototypes",
  ]

  static let refused: [Refused] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(
      [Refused].self, from: Data(contentsOf: folder.appendingPathComponent("refused/refused.json")))
  }()

  @Test(arguments: refused)
  func `a graph that is no chain of layers is refused with its reason`(graph: Refused) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-\(UUID())")
    try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("refused/\(graph.name)"), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    if let link = graph.makeLinkFirst {
      try FileManager.default.createSymbolicLink(
        atPath: folder.appendingPathComponent(link.path).path, withDestinationPath: link.to)
    }
    let file = folder.appendingPathComponent("model.onnx").path
    if let kind = Self.servedSince[graph.name] {
      // The loader holds it against the graph itself.
      let model = try Model.load(path: file)
      #expect(model.kind == kind && model.hasSelfTest)
      return
    }
    let error = #expect(throws: ModelError.self) { try Model.load(path: file) }
    let sentence = try #require(error?.description)
    for word in graph.mustMention { #expect(sentence.contains(word), "\(sentence)") }
    print("\(graph.name): \(sentence.split(separator: ": ", maxSplits: 1).last ?? "")")
  }
}

import Foundation
import RadialEngine
import Testing

@testable import Models

/// Files that were once served with the numbers of another formula, with Keras' own answers.
@Suite struct ShownCasesTests {
  private static let folder = KerasFileTests.folder.appendingPathComponent("cases")

  private static func load(_ file: String, _ options: LoadOptions = LoadOptions()) throws -> Model {
    try Model.load(path: folder.appendingPathComponent(file).path, name: "m", options: options)
  }

  @Test(arguments: [
    ("einsumdense.keras", "layer 'einsum_dense' (EinsumDense): Radial serves no such layer; use Keras' Dense"),
    ("mydense-w-b.h5", "no name of its class, variables and configuration says that it is an RBF layer"),
    ("radii-vector.h5", "its class name says 'radii', which is nothing that exp(-gamma d^2) has"),
    ("euclidean-distance-root.h5", "its class name says 'euclidean', which is nothing that exp(-gamma d^2) has"),
    ("square-matrix-constant-gamma.keras", "say `rbf_layout` features_units or `rbf_layout` units_features"),
  ])
  func `none is served by a guess`(file: String, part: String) throws {
    let error = #expect(throws: ModelError.self) { try Self.load(file) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `with its layout the square matrix gives Keras' numbers`() throws {
    let answers = try JSONDecoder().decode(
      [String: KerasFileTests.Expected].self,
      from: Data(contentsOf: Self.folder.appendingPathComponent("answers.json")))
    let file = "square-matrix-constant-gamma.keras"
    let expected = try #require(answers[file])
    let model = try Self.load(file, LoadOptions(rbfLayout: .unitsFeatures))
    let found = Answers(model, expected.inputs).outputs
    #expect(found.count == 12)
    #expect(zip(found, expected.outputs.joined()).allSatisfy { abs(Double($0) - $1) <= 1e-6 })
    #expect(
      model.layers.last?.inferredFrom == "the class name 'RBFLayerUF', its one matrix and the member 'gamma'")
  }
}

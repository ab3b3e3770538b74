import Foundation
import RadialEngine
import Testing

@testable import Models

/// What a file of Radial's own says of its RBF layer.
@Suite struct RBFFileTests {
  /// The crafted file with other members in its last layer.
  static func crafted(_ members: String, version: String = "1.2") -> Crafted {
    var crafted = Crafted()
    crafted.metadata["radial.version"] = version
    crafted.metadata["radial.architecture"]!.replace(
      #""units":2,"output":"gaussian","scale":0.5,"#, with: members + ",")
    for key in ["radial.labels", "radial.calibration"] { crafted.metadata[key] = nil }
    crafted.tensors.removeAll { $0.name.hasPrefix("calibration.") }
    return crafted
  }

  /// Three prototypes [3, 3] of the crafted file's embedding.
  static func three(_ members: String) -> Crafted {
    var crafted = crafted(#""units":3,"# + members)
    crafted.set("r.centers", [3, 3], [0, 0.5, 1, 0, 0.5, 1, 0, 0.5, 1])
    return crafted
  }

  static let served: [(members: String, formula: String)] = [
    (#""units":2,"output":"student_t","scale":2,"power":1.5"#, "(1 + gamma * sum((x - mu)^2))^-power, power = 1.5"),
    (#""units":2,"scale":0.5,"normalized":0.001"#, "over 0.001 + their sum"),
    (#""units":2,"scale":0.5,"normalized":0"#, "over their sum"),
    (#""units":2,"output":"matern52","scale":0.5"#, "sqrt(5 * gamma * sum((x - mu)^2))"),
    (#""units":2,"output":"euclidean","scale":1,"classes":[1,0]"#, "of 2 classes each's nearest of 2"),
  ]

  @Test(arguments: served.indices)
  func `the formula is what the members say`(index: Int) throws {
    let (members, formula) = Self.served[index]
    let model = try load(Self.crafted(members).data)
    #expect(model.layers.last?.formula.contains(formula) == true, "\(model.layers.last?.formula ?? "")")
  }

  static let refused: [(members: String, sentence: String)] = [
    (#""units":2,"output":"student_t","scale":2"#, "'power' is missing"),
    (#""units":2,"output":"student_t","scale":2,"power":0"#, "'power' is 0, expected a positive number in Float32"),
    (#""units":2,"output":"student_t","scale":2,"power":1e39"#, "expected a positive number in Float32"),
    (#""units":2,"scale":2,"power":1"#, "'power' is 1, expected none: it is of the output student_t alone"),
    (#""units":2,"scale":2,"normalized":-1"#, "'normalized' is -1, expected a number from 0 on"),
    (#""units":2,"output":"negative_distance","scale":2,"normalized":0"#, "of an output that never is negative"),
    (#""units":2,"scale":2,"classes":[0]"#, "expected the class of each of its 2 units"),
    (#""units":2,"scale":2,"classes":[0,2]"#, "expected classes from 0 on without a gap"),
    (#""units":2,"scale":2,"classes":[0,-1]"#, "expected classes from 0 on without a gap"),
    (#""units":2,"scale":2,"classes":[0,0.5]"#, "classes"),
    (#""units":2,"output":"exponential""#, "'scale' is missing"),
    (#""units":2,"output":"euclidian","scale":1"#, "did you mean 'euclidean'?"),
  ]

  @Test(arguments: refused.indices)
  func `what contradicts itself is refused`(index: Int) throws {
    let (members, sentence) = Self.refused[index]
    let error = #expect(throws: ModelError.self) { try load(Self.crafted(members).data) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [#""output":"euclidean""#, #""scale":1,"normalized":0"#, #""scale":1,"classes":[0,1]"#])
  func `a file with such members is written as one of the version that has them`(members: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("version-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("model.safetensors").path
    try Self.crafted("\"units\":2,\(members)", version: "1").data.write(to: URL(fileURLWithPath: path))
    let output = folder.appendingPathComponent("written.safetensors").path
    try Model.convert(path, to: output)
    #expect(try SafetensorsFile(path: output).metadata["radial.version"] == "1.2")
  }

  @Test func `a factor of d whose square is beyond Float32 is refused`() throws {
    var crafted = Self.crafted(#""units":2,"output":"negative_euclidean","scale":"tensor""#)
    crafted.add("r.scale", [2], [1, 1e30])
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("whose square") == true, "\(error?.description ?? "")")
  }

  @Test func `of several prototypes a class, one scale and one output a class`() throws {
    var crafted = Self.three(#""scale":"tensor","classes":[0,1,1]"#)
    crafted.add("r.scale", [2], [1, 2])
    let model = try load(crafted.data)
    #expect(model.network.outputWidth == 2 && model.network.distanceWidth == 2)
    crafted.set("r.scale", [3], [1, 2, 3])
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("expected [2] (2 outputs of layer 'r')") == true, "\(error?.description ?? "")")
  }

  @Test func `outputs that grow without being distances decide nothing, which is said`() throws {
    let model = try load(Self.crafted(#""units":2,"output":"multiquadric","scale":0.5"#).data)
    #expect(!model.isClassifier && model.network.distanceWidth == 2)
    #expect(model.notes.contains { $0.contains("no class and no verdict") }, "\(model.notes)")
  }

  @Test func `a class is added behind those that have several prototypes`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("classes-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("model.safetensors").path
    var crafted = Self.three(#""output":"negative_euclidean","scale":"tensor","classes":[0,1,1]"#)
    crafted.add("r.scale", [2], [1, 3])
    crafted.metadata["radial.labels"] = #"["a","b"]"#
    try crafted.data.write(to: URL(fileURLWithPath: path))
    let editor = try ModelEditor(path)
    try editor.addClass("c", center: [0.25, -1, 2])
    let output = folder.appendingPathComponent("grown.safetensors").path
    let grown = try editor.write(to: OutputFile(path: output, inputs: [path], kind: .model, force: false))
    let row: [Float] = [1, -1, 2, 0.5]
    let (before, after) = (editor.model.answers(to: row), grown.answers(to: row))
    #expect(after.outputs.count == 3 && Array(after.distances.prefix(2)) == before.distances)
    #expect(Array(after.outputs.prefix(2)) == before.outputs)
    // Its gamma is the median of 1 and 3.
    #expect(abs(after.outputs[2] + 2 * after.distances[2].squareRoot()) <= 1e-6 * abs(after.outputs[2]))
  }
}

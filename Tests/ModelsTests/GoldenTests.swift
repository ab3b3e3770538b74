import Foundation
import RadialEngine
import Testing

@testable import Models

/// The expected answers of one golden network.
struct Vectors: Decodable {
  enum Number: Decodable {
    case value(Double)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .value(number)
      } else {
        // JSON has no infinities: they stand as strings.
        self = .value(try container.decode(String.self) == "-Infinity" ? -.infinity : .infinity)
      }
    }
    var double: Double {
      switch self {
      case .value(let value): value
      }
    }
  }
  struct FrameworkError: Decodable {
    let maximum: Number
    enum CodingKeys: String, CodingKey { case maximum = "max_abs" }
  }

  /// One input, flat or nested like its shape.
  struct Row: Decodable {
    let values: [Float]
    init(from decoder: any Decoder) throws {
      if let value = try? decoder.singleValueContainer().decode(Float.self) {
        values = [value]
      } else {
        values = try decoder.singleValueContainer().decode([Row].self).flatMap(\.values)
      }
    }
  }

  let inputs: [Row]
  let outputs: [[Number]]
  let outputs64: [[Number]]
  let distances: [String: [[Number]]]
  /// Of Keras; of the functions of the distance PyTorch's.
  let kerasError, frameworkError: FrameworkError?
  enum CodingKeys: String, CodingKey {
    case inputs, outputs, outputs64, distances
    case kerasError = "keras_error"
    case frameworkError = "framework_error"
  }

  var error: Double { (kerasError ?? frameworkError)?.maximum.double ?? 0 }
}

@Suite struct GoldenTests {
  static let folder = Bundle.module.url(forResource: "Golden", withExtension: nil)!
  // A test bundle without its own resources is no bundle: nothing could be tested.
  static let cases = try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  /// Every function of the distance, by make_kernels.py.
  static let kernels = Bundle.module.url(forResource: "Kernels", withExtension: nil)!
  static let kernelCases = try! FileManager.default.contentsOfDirectory(atPath: kernels.path).sorted()

  @Test func `there are 41 cases, and 33 of functions of the distance`() {
    #expect(Self.cases.count == 41 && Self.kernelCases.count == 33)
  }

  @Test(
    arguments: cases.map { folder.appendingPathComponent($0) } + kernelCases.map { kernels.appendingPathComponent($0) })
  func `outputs and distances are the framework's own, on every instruction set`(folder: URL) throws {
    let vectors = try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: folder.appendingPathComponent("vectors.json")))
    for set in InstructionSet.available {
      let model = try Model.load(path: folder.appendingPathComponent("weights.safetensors").path, instructionSet: set)
      try model.selfTest()
      let widest = Double(model.layers.filter { $0.inputShape.count == 1 }.map { $0.inputShape[0] }.max()!)
      let factor: Double = model.layers.count > 6 ? 40 : 1
      let last = model.layers.last { $0.isPrototypeLayer }!.name
      let results = compute(model.network, vectors.inputs.map(\.values))
      for row in vectors.inputs.indices {
        for (index, expected) in vectors.outputs64[row].enumerated() {
          let found = Double(results.outputs[row * model.network.outputWidth + index])
          let bound = max(
            4 * vectors.error, 2e-6 + (4e-6 + 2.5e-8 * widest) * abs(expected.double))
          let isFine =
            abs(found - expected.double) <= bound || found == expected.double
            || found == vectors.outputs[row][index].double
          #expect(isFine, "\(set), output \(row), \(index): \(found), expected \(expected.double)")
        }
        for (index, expected) in vectors.distances[last]![row].enumerated() {
          let found = Double(results.distances[row * model.network.distanceWidth + index])
          let bound = factor * ((1e-5 + 2.5e-8 * widest) * expected.double + 1e-6)
          let isFine =
            abs(found - expected.double) <= bound || found == expected.double
            // Beyond Float32 the infinity is right.
            || (found == .infinity && expected.double > Double(Float.greatestFiniteMagnitude))
          #expect(isFine, "\(set), distance \(row), \(index): \(found), expected \(expected.double)")
          if expected.double == 0 { #expect(found == 0) }
        }
      }
    }
  }

  /// Its gammas of 0 and of -0.05 make the farthest class the best.
  @Test func `a head with gammas that are not positive gives outputs and distances, and no class`() throws {
    for form in ["weights.safetensors", "model.keras"] {
      let model = try Model.load(path: Self.folder.appendingPathComponent("per_unit_gamma/\(form)").path)
      #expect(!model.isClassifier)
      #expect(model.layers[0].formula.contains("2 of its 6 gammas are not positive, the first 0.0 at unit 0"))
      #expect(model.notes.count == 1 && model.summary(proofAdvice: "").contains("Note: layer 'rbf': 2 of its 6 gammas"))
    }
    let model = try Model.load(path: Self.folder.appendingPathComponent("mixed_stack/weights.safetensors").path)
    #expect(model.isClassifier && model.notes.isEmpty)
  }

  private func compute(_ network: Network, _ rows: [[Float]]) -> (outputs: [Float], distances: [Float]) {
    var outputs = [Float](repeating: .nan, count: rows.count * network.outputWidth)
    var distances = [Float](repeating: .nan, count: rows.count * network.distanceWidth)
    let inputs = rows.flatMap { $0 }
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        inputs.withUnsafeBufferPointer {
          network.forward(
            $0.baseAddress!, rows: rows.count,
            into: Network.Results(outputs: outputs.baseAddress!, distances: distances.baseAddress!),
            workspace: network.makeWorkspace())
        }
      }
    }
    return (outputs, distances)
  }
}

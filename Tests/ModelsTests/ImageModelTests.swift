import Foundation
import RadialEngine
import Testing

@testable import Models

/// Files of networks with images, and the heads behind them.
@Suite struct ImageModelTests {
  /// A 5x4x1 image: conv 3@3x2 same, batch normalisation, subsampling 2x2, flatten, then `head`, which takes 12 inputs.
  static func crafted(shape: String = "[5,4,1]", head: String) -> Crafted {
    var crafted = Crafted()
    crafted.tensors = []
    crafted.metadata["radial.labels"] = nil
    crafted.metadata["radial.calibration"] = nil
    crafted.metadata["radial.architecture"] =
      #"{"version":1,"input_shape":\#(shape),"layers":[{"type":"conv2d","name":"c","filters":3,"kernel_size":[3,2],"padding":"same","activation":"elu","alpha":0.5},{"type":"batch_normalization","name":"n","scale":false},{"type":"subsampling2d","name":"s","activation":"scaled_tanh"},{"type":"flatten","name":"f"},"#
      + head + "]}"
    crafted.add("c.kernel", [3, 2, 1, 3], (0..<18).map { Float($0) * 0.1 - 0.9 })
    crafted.add("c.bias", [3], [0, 0.1, 0.2])
    crafted.add("n.beta", [3], [0.1, 0, -0.1])
    crafted.add("n.moving_mean", [3], [0, 0.2, 0.1])
    crafted.add("n.moving_variance", [3], [1, 2, 0.5])
    crafted.add("s.factor", [3], [1, -1, 0.5])
    crafted.add("s.offset", [3], [0, 0.1, 0])
    if head == duq {
      crafted.add("q.kernel", [12, 4, 2], (0..<96).map { Float($0 % 7) * 0.1 - 0.3 })
      crafted.add("q.centers", [4, 2], (0..<8).map { Float($0) * 0.1 })
    } else {
      crafted.add("r.centers", [12, 2], (0..<24).map { Float($0) * 0.05 })
    }
    return crafted
  }

  static let duq = #"{"type":"duq","name":"q","units":2,"embedding":4,"sigma":0.5}"#
  static let softmax =
    #"{"type":"rbf","name":"r","units":2,"output":"negative_distance","scale":0.5},{"type":"activation","name":"a","activation":"softmax"}"#

  @Test func `shapes, parameters and formulas of every layer are stated`() throws {
    let model = try load(Self.crafted(head: Self.duq).data)
    #expect(model.inputShape == [5, 4, 1] && model.network.inputWidth == 20)
    #expect(model.isClassifier && model.network.distanceWidth == 2)
    #expect(model.layers.map(\.inputShape) == [[5, 4, 1], [5, 4, 3], [5, 4, 3], [2, 2, 3], [12]])
    #expect(model.layers.map(\.outputShape) == [[5, 4, 3], [5, 4, 3], [2, 2, 3], [12], [2]])
    #expect(model.layers.map(\.parameters) == [21, 9, 6, 0, 104])
    #expect(model.network.parameterCount == 140)
    #expect(
      model.layers.map(\.formula) == [
        "elu(sum over 3x2x1 of x * W + b), alpha = 0.5, strides 1x1, padding same",
        "(x - mean) / sqrt(variance + epsilon) + beta",
        "scaled_tanh(factor * mean of 2x2 cells + offset), strides 2x2, padding valid", "x",
        "exp(-mean((x · W - mu)^2) / (2 * sigma^2)), mean over 4, sigma = 0.5",
      ])
  }

  @Test func `the softmax of distances states the formula of the distances`() throws {
    let model = try load(Self.crafted(head: Self.softmax).data)
    #expect(model.layers.last?.formula == "softmax(x), x = -gamma * sum((x - mu)^2), gamma = 0.5")
    #expect(model.isClassifier)
  }

  @Test func `an input of two sizes is a row as it is, and a reshape makes it an image`() throws {
    var crafted = Self.crafted(shape: "[5,4]", head: Self.duq)
    let refused = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(refused?.description.contains("put a reshape before it") == true)
    crafted.metadata["radial.architecture"]!.replace(
      #""layers":["#, with: #""layers":[{"type":"reshape","name":"i","target_shape":[5,-1,1]},"#)
    let model = try load(crafted.data)
    #expect(model.inputShape == [5, 4] && model.network.inputWidth == 20)
    #expect(model.layers[0].inputShape == [20] && model.layers[0].outputShape == [5, 4, 1])
  }

  /// What is replaced in the description, by what, and what the refusal must say.
  static let changes: [(String, String, String)] = [
    ("[5,4,1]", "[4294967296,4294967296,1]", "'input_shape'"), ("[5,4,1]", "[5,4,1,1]", "'input_shape'"),
    ("[3,2]", "[3]", "'kernel_size' is [3], expected [rows, columns]"), ("[3,2]", "[0,2]", "'kernel_size' is [0, 2]"),
    (#"[3,2],"padding":"same""#, #"[30,2],"padding":"valid""#, "does not fit"),
    ("[3,2]", "[9223372036854775807,2]", "'kernel_size' is [9.223"), (#""same""#, #""full""#, "unknown padding 'full'"),
    (#""filters":3"#, #""filters":9000000000000000000"#, "'filters' is 9000000000000000000"),
    (#"{"type":"flatten","name":"f"},"#, "", "put a flatten before it"),
    (#""sigma":0.5"#, #""sigma":0"#, "'sigma' is 0"), (#""embedding":4"#, #""embedding":1048577"#, "'embedding'"),
    (#""activation":"elu","alpha":0.5"#, #""activation":"softmax""#, "softmax over the channels"),
    (
      #"{"type":"flatten","name":"f"}"#, #"{"type":"reshape","name":"f","target_shape":[5,-1]}"#, "'target_shape'"
    ),
  ]

  @Test(arguments: changes) func `what does not fit is refused with a sentence`(
    part: String, replacement: String, sentence: String
  ) throws {
    var crafted = Self.crafted(head: Self.duq)
    crafted.metadata["radial.architecture"]!.replace(part, with: replacement)
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.reason == .architecture && error?.description.contains(sentence) == true, "\(error as Any)")
  }

  @Test func `a one by one kernel on an enormous image is refused`() throws {
    var crafted = Self.crafted(shape: "[1024,1024,1]", head: Self.duq)
    crafted.metadata["radial.architecture"]!.replace("[3,2]", with: "[1,1]")
    crafted.set("c.kernel", [1, 1, 1, 3], [1, 2, 3])
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("too large") == true, "\(error as Any)")
  }
}

import Foundation
import Testing

/// `"outputs":["softmax"]`: what a classifier would claim that knows no distances.
@Suite struct SoftmaxTests {
  @Test func `it is that of the logarithms of Gaussian outputs, and sums to 1 however far a row is`() throws {
    let server = try RunningServer()
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    for row in [sample.rows[0], [Int](repeating: 128, count: 784)] {
      let answer = try client.exchange(
        "POST", "/predict", "{\"instance\":\(row),\"outputs\":[\"distances\",\"softmax\"]}"
      ).json
      let prediction = try #require(answer["prediction"] as? [String: Any])
      let distances = try #require(prediction["distances"] as? [Double])
      let softmax = try #require(prediction["softmax"] as? [Double])
      let nearest = try #require(distances.min())
      // γ = 0.1
      let powers = distances.map { exp(-0.1 * ($0 - nearest)) }
      for (claimed, power) in zip(softmax, powers) { #expect(abs(claimed - power / powers.reduce(0, +)) < 1e-5) }
      #expect(abs(softmax.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test func `behind a softmax or sigmoid it is what that says`() throws {
    let client = try KerasInputTests.Served(
      KerasInputTests.file("softmax.keras"), KerasInputTests.file("sigmoid.keras"))
    for name in ["softmax", "sigmoid"] {
      let width = try #require(
        ((try client.exchange("GET", "/models/\(name)").json["input"] as? [String: Any])?["shape"] as? [Any])?.last
          as? Int)
      let row = (0..<width).map { Double($0) / 4 }
      let answer = try client.exchange(
        "POST", "/models/\(name)/predict", "{\"instance\":\(row),\"outputs\":[\"scores\",\"softmax\"]}"
      ).json
      let prediction = try #require(answer["prediction"] as? [String: Any], "\(answer)")
      let scores = try #require(prediction["scores"] as? [Double])
      let softmax = try #require(prediction["softmax"] as? [Double])
      if name == "softmax" {
        #expect(softmax == scores)
      } else {
        #expect(softmax.count == 2 && softmax[1] == scores[0])
      }
    }
  }

  @Test(arguments: ["scikit_svr", "scikit_ocsvm_standard"])
  func `a regressor and a model of one class have none`(name: String) throws {
    let file = RunningServer.repository.appendingPathComponent("Tests/ModelsTests/ONNX/\(name)/model.onnx").path
    let client = try KerasInputTests.Served(file)
    let shape = try #require(client.exchange("GET", "/model").json["input"] as? [String: Any])["shape"] as? [Any]
    let row = [Int](repeating: 1, count: try #require(shape?.last as? Int))
    let refused = try client.exchange("POST", "/predict", "{\"instance\":\(row),\"outputs\":[\"softmax\"]}")
    #expect(refused.status == 400 && refused.body.contains("'softmax' is of a model of several classes that ends in"))
  }

  /// Of exponentials and several sigmoids no shares follow, and of units without an activation they do.
  @Test(arguments: [("sigmoid", nil), ("exponential", nil), ("linear", [0.5, 0.5]), ("softmax", [0.5, 0.5])])
  func `units that are no logarithms have none`(activation: String, expected: [Double]?) throws {
    let runner = try OfflineRunner()
    let model = try runner.model(
      "m", input: [3], [["type": "dense", "name": "d", "units": 2, "use_bias": false, "activation": activation]],
      [OfflineRunner.Tensor(name: "d.kernel", shape: [3, 2])])
    let server = try RunningServer(["--model", model, "--labels", "a,b"], model: nil)
    let answer = try Client(port: server.port).exchange(
      "POST", "/predict", #"{"instance":[1,2,3],"outputs":["softmax"]}"#)
    let prediction = answer.json["prediction"] as? [String: Any]
    #expect(
      answer.status == (expected == nil ? 400 : 200) && prediction?["softmax"] as? [Double] == expected,
      "\(answer.body)")
  }

  @Test func `behind prototypes a softmax says it, and one prototype has none`() throws {
    let runner = try OfflineRunner()
    let prototypes = OfflineRunner.Tensor(name: "r.centers", shape: [1, 2], values: [0, 3])
    let rbf: [String: Any] = ["type": "rbf", "name": "r", "units": 2, "output": "gaussian", "scale": 0.5]
    let model = try runner.model(
      "m", input: [1], [rbf, ["type": "activation", "name": "a", "activation": "softmax"]], [prototypes])
    let one = try runner.model(
      "one", input: [1], [rbf.merging(["units": 1]) { $1 }],
      [OfflineRunner.Tensor(name: "r.centers", shape: [1, 1], values: [0])])
    let client = try KerasInputTests.Served(model, one)
    let body = #"{"instance":[1],"outputs":["scores","softmax"]}"#
    let prediction = try #require(
      try client.exchange("POST", "/models/m/predict", body).json["prediction"] as? [String: Any])
    #expect(prediction["softmax"] as? [Double] == prediction["scores"] as? [Double])
    #expect(try client.exchange("POST", "/models/one/predict", body).status == 400)
  }

  @Test func `in columns it is one a class`() throws {
    let run = try OfflineRunner.predict(
      KerasInputTests.file("seven.json"), ["--output-format", "csv", "--outputs", "softmax"])
    let lines = run.output.split(separator: "\n")
    #expect(
      lines.first?.hasSuffix("p_value," + (0..<10).map { "softmax_\($0)" }.joined(separator: ",")) == true, "\(run)")
    #expect(lines.last?.split(separator: ",", omittingEmptySubsequences: false).count == 18)
  }
}

import FoundationEssentials
import RadialEngine

extension Model {
  /// What `radial inspect --json` prints: everything that `summary()` says, for programs.
  /// - Parameter selfTest: "passed", or nil when the file carries no rows.
  public func json(selfTest: String?) -> String {
    var value: [String: JSONValue] = [
      "name": .string(name), "version": .number(Double(version)), "input_shape": .integers(inputShape),
      "kind": .string(network.isClassifier ? "classifier" : "regressor"),
      "parameters": .number(Double(network.parameterCount)),
      "file": .object([
        "name": .string(file.name), "path": .string(file.path), "bytes": .number(Double(file.bytes)),
        "sha256": .string(file.sha256), "form": .string(file.form.name),
        "keras_version": file.form.kerasVersion.map(JSONValue.string) ?? .null,
      ]),
      "layers": .array(
        layers.map { layer in
          .object([
            "name": .string(layer.name), "type": .string(layer.type), "input_shape": .integers(layer.inputShape),
            "output_shape": .integers(layer.outputShape), "activation": layer.activation.map(JSONValue.string) ?? .null,
            "parameters": .number(Double(layer.parameters)), "formula": .string(layer.formula),
            "inferred": .bool(layer.inferredFrom != nil),
            "inferred_from": layer.inferredFrom.map(JSONValue.string) ?? .null,
          ])
        }),
      "preprocessing": .object([
        "scale": .shortest(preprocessing.scale), "offset": .shortest(preprocessing.offset),
      ]),
      "labels": labels.map { .array($0.map(JSONValue.string)) } ?? .null,
      "self_test": .object([
        "rows": .number(Double(selfTestRows)), "result": selfTest.map(JSONValue.string) ?? .null,
        "instruction_set": .string(network.instructionSet.rawValue),
      ]),
    ]
    value["calibration"] =
      calibration.map { calibration in
        .object([
          "method": .string(calibration.method), "rows": .number(Double(calibration.rows)),
          "false_reject_rate": .number(calibration.falseRejectRate),
        ])
      } ?? .null
    value["verified"] = verification?.json ?? .null
    // The loader made sure that it is JSON.
    value["training"] = trainingJSON.flatMap { try? JSONReader.read($0) } ?? .null
    return JSONValue.object(value).text(isPretty: true)
  }
}

extension ModelForm {
  /// One word for programs.
  var name: String {
    switch self {
    case .safetensors: "safetensors"
    case .keras: "keras"
    case .legacyHDF5: "h5"
    case .kerasWeights: "weights"
    }
  }

  var kerasVersion: String? {
    switch self {
    case .safetensors: nil
    case .keras(let version), .legacyHDF5(let version), .kerasWeights(let version): version
    }
  }
}

extension JSONValue {
  /// A Float32 by the digits that it needs, not by those of the nearest Float64.
  fileprivate static func shortest(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }

  /// JSON text with sorted keys. Numbers must be finite.
  func text(isPretty: Bool) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isPretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a number in \(self) is not finite") }
    return String(decoding: data, as: UTF8.self)
  }
}

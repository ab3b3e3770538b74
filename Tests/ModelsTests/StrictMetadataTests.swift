import Foundation
import RadialEngine
import TestSupport
import Testing

@testable import Models

/// Whatever Radial's own metadata says that nobody reads is refused, by a sentence without the decoder's words.
@Suite struct StrictMetadataTests {
  struct Change: CustomTestStringConvertible, Sendable {
    let sentence: String
    let change: @Sendable (inout Crafted) -> Void
    var testDescription: String { sentence }

    init(_ sentence: String, _ change: @escaping @Sendable (inout Crafted) -> Void) {
      self.sentence = sentence
      self.change = change
    }
  }

  private static func replacing(_ old: String, _ new: String, _ sentence: String, in key: String = "architecture")
    -> Change
  {
    Change(sentence) { crafted in
      precondition(crafted.metadata["radial.\(key)"]!.contains(old))
      crafted.metadata["radial.\(key)"]!.replace(old, with: new)
    }
  }

  private static func names(_ names: String, _ sentence: String) -> Change {
    Change(sentence) {
      $0.metadata["radial.version"] = "1.2"
      $0.metadata["radial.architecture"]!.replace(
        "\"version\":1", with: "\"version\":1,\"input_name\":\"in\",\"output_names\":\(names)")
    }
  }

  private static func layers(_ layers: String, _ sentence: String, shape: String = "[4]") -> Change {
    Change(sentence) {
      $0.metadata["radial.architecture"] = #"{"version":1,"input_shape":\#(shape),"layers":[\#(layers)]}"#
    }
  }

  /// A change of the description, and the sentence without the file's name.
  static let unknownMembers: [Change] = [
    replacing(
      "\"activation\":\"tanh\"", "\"actvation\":\"tanh\"",
      "layer 'd' (dense): unknown member 'actvation' (did you mean 'activation'?), it may have type, name, units, use_bias, activation, negative_slope, alpha, inferred_from; correct it or leave it out"
    ),
    replacing(
      "\"use_bias\":true", "\"useBias\":true", "layer 'd' (dense): unknown member 'useBias' (did you mean 'use_bias'?)"),
    replacing("\"units\":3", "\"unit\":3", "layer 'd' (dense): unknown member 'unit' (did you mean 'units'?)"),
    replacing("\"units\":3", "\"units\":3,\"Units\":3", "unknown member 'Units' (did you mean 'units'?)"),
    replacing(
      "\"scale\":0.5", "\"gamma\":0.5",
      "layer 'r' (rbf): unknown member 'gamma', it may have type, name, units, output, scale, power, normalized, classes, centers_layout, inferred_from; correct it"
    ),
    replacing(
      "\"centers_layout\"", "\"center_layout\"", "unknown member 'center_layout' (did you mean 'centers_layout'?)"),
    replacing("\"output\"", "\"outputs\"", "unknown member 'outputs' (did you mean 'output'?)"),
    replacing(
      "\"layers\"", "\"preprocess\":{},\"layers\"",
      "'radial.architecture': unknown member 'preprocess', it may have version, input_shape, input_layout, input_name, output_names, layers, distances, known_above;"
    ),
    replacing("\"input_shape\"", "\"inputshape\"", "unknown member 'inputshape' (did you mean 'input_shape'?)"),
    layers(
      #"{"type":"dropout","name":"x","rates":0.3}"#,
      "layer 'x' (dropout): unknown member 'rates' (did you mean 'rate'?)"),
    layers(
      #"{"type":"flatten","name":"x","rate":0.3}"#,
      "layer 'x' (flatten): unknown member 'rate', it may have type, name, order;"),
    layers(
      #"{"type":"batch_normalization","name":"x","eps":0.1}"#, "layer 'x' (batch_normalization): unknown member 'eps'"),
    layers(
      #"{"type":"conv2d","name":"x","filters":1,"kernel_size":3,"stride":2}"#,
      "layer 'x' (conv2d): unknown member 'stride' (did you mean 'strides'?)", shape: "[4,4,1]"),
    layers(
      #"{"type":"conv2d","name":"x","filters":1,"kernel_size":3,"dilation":2}"#,
      "layer 'x' (conv2d): unknown member 'dilation', it may", shape: "[4,4,1]"),
    layers(
      #"{"type":"max_pooling2d","name":"x","pool":2}"#, "layer 'x' (max_pooling2d): unknown member 'pool'",
      shape: "[4,4,1]"),
    layers(
      #"{"type":"average_pooling2d","name":"x","activation":"relu"}"#, "unknown member 'activation'", shape: "[4,4,1]"),
    layers(
      #"{"type":"subsampling2d","name":"x","poolsize":2}"#, "unknown member 'poolsize' (did you mean 'pool_size'?)",
      shape: "[4,4,1]"),
    layers(#"{"type":"reshape","name":"x","shape":[4]}"#, "layer 'x' (reshape): unknown member 'shape'"),
    layers(
      #"{"type":"duq","name":"x","units":2,"embedding":2,"sigm":1}"#, "unknown member 'sigm' (did you mean 'sigma'?)"),
    layers(#"{"type":"activation","name":"x","function":"relu"}"#, "layer 'x' (activation): unknown member 'function'"),
    layers(
      #"{"type":"dens","name":"x","units":3}"#, "layer 'x' (dens): unknown layer type (did you mean 'dense'?), expected"
    ),
    layers(
      #"{"type":"dense","nmae":"x","units":3}"#,
      "has the 'name' missing, expected a text of 1 to 1024 bytes; 'nmae' is there"),
    layers(#"{"name":"x","units":3}"#, "'radial.architecture': layers[0] has the 'type' missing"),
    replacing(
      "\"rows\"", "\"row\"", "'radial.calibration': unknown member 'row' (did you mean 'rows'?)", in: "calibration"),
    replacing(
      "\"rows\"", "\"category\":\"predicted\",\"rows\"",
      "'radial.calibration': unknown member 'category', it may have method",
      in: "calibration"),
    Change("'radial.preprocessing': unknown member 'shift', it may have scale, offset;") {
      $0.metadata["radial.preprocessing"] = #"{"scale":1,"shift":0,"offset":0}"#
    },
    Change("'radial.verified': unknown member 'row' (did you mean 'rows'?)") {
      $0.metadata["radial.verified"] = #"{"of":"outputs","row":1,"largest_deviation":0,"tolerance":1}"#
    },
    Change("unknown metadata key 'radial.label' (did you mean 'radial.labels'?), expected radial.version") {
      $0.metadata["radial.label"] = "[]"
    },
    Change("unknown metadata key 'radial.preprocesing' (did you mean 'radial.preprocessing'?)") {
      $0.metadata["radial.preprocesing"] = "{}"
    },
    Change("unknown metadata key 'radial.owner', expected") { $0.metadata["radial.owner"] = "me" },
  ]

  static let wrongTypes: [Change] = [
    replacing(
      "\"units\":3", "\"units\":\"ten\"",
      "layer 'd' (dense): 'units' is \"ten\", expected a whole number from 1 to 1048576"),
    replacing("\"units\":3", "\"units\":3.5", "'units' is 3.5, expected a whole number"),
    replacing("\"units\":3", "\"units\":-3", "'units' is -3, expected a whole number"),
    replacing("\"units\":3", "\"units\":null", "'units' is null, expected a whole number"),
    replacing("\"units\":3", "\"units\":[3]", "'units' is [3], expected a whole number"),
    replacing("\"use_bias\":true", "\"use_bias\":1", "'use_bias' is 1, expected true or false"),
    replacing("\"tanh\"", "{\"name\":\"tanh\"}", "'activation' is an object, expected one of linear, relu"),
    replacing("\"tanh\"", "\"rellu\"", "unknown activation 'rellu' (did you mean 'relu'?), expected one of linear"),
    replacing("\"tanh\"", "\"relu\",\"alpha\":0.1", "'alpha' is for the activation elu, and its activation is relu"),
    replacing("\"tanh\"", "\"elu\",\"negative_slope\":0.1", "'negative_slope' is for the activation leaky_relu"),
    replacing("\"tanh\"", "\"elu\",\"alpha\":1e99", "'alpha' is 1e+99, expected a finite Float32"),
    replacing(
      "\"scale\":0.5", "\"scale\":\"tensr\"",
      "'scale' is \"tensr\", expected a positive number in Float32 or \"tensor\""),
    replacing("\"scale\":0.5", "\"scale\":true", "'scale' is true, expected a positive number in Float32"),
    replacing("\"scale\":0.5", "\"scale\":0", "'scale' is 0, expected a positive number in Float32"),
    replacing("\"scale\":0.5", "\"scale\":-0.5", "'scale' is -0.5, expected a positive number in Float32"),
    replacing("\"scale\":0.5", "\"scale\":1e-99", "'scale' is 1e-99, expected a positive number in Float32"),
    replacing(
      "\"output\":\"gaussian\",\"scale\":0.5", "\"output\":\"negative_distance\",\"scale\":-1",
      "layer 'r' (rbf): 'scale' is -1, expected a positive number"),
    replacing(
      "\"features_units\"", "\"feature_units\"",
      "unknown centers_layout 'feature_units' (did you mean 'features_units'?)"),
    replacing("\"features_units\"", "\"features_units\",\"inferred_from\":7", "'inferred_from' is 7, expected a text"),
    replacing("[4]", "4", "'radial.architecture': 'input_shape' is 4, expected [features]"),
    replacing("[4]", "[\"4\"]", "'input_shape' is [\"4\"], expected [features]"),
    replacing("\"version\":1", "\"version\":\"1\"", "'version' is \"1\", expected a whole number"),
    names(#"["y"]"#, "'output_names' is [\"y\"], expected an object with outputs"),
    names("{}", "'output_names': 'outputs' is missing, expected a text of 1 to 1024 bytes"),
    names(#"{"outputs":""}"#, "'outputs' is \"\", expected a text of 1 to 1024 bytes"),
    names(#"{"outputs":7}"#, "'outputs' is 7, expected a text of 1 to 1024 bytes"),
    names(#"{"outputs":"\#(String(repeating: "n", count: 1025))"}"#, "expected a text of 1 to 1024 bytes"),
    names(#"{"outputs":"y","distance":"d"}"#, "unknown member 'distance' (did you mean 'distances'?)"),
    names(#"{"outputs":"y","distances":null}"#, "'distances' is null, expected a text of 1 to 1024 bytes"),
    names(#"{"outputs":"y","distances":"y"}"#, "two of its tensors are called 'y'; give each its own name"),
    names(#"{"outputs":"y","others":["a","y"]}"#, "two of its tensors are called 'y'"),
    names(#"{"outputs":"in"}"#, "two of its tensors are called 'in'"),
    names(#"{"outputs":"y","others":"a"}"#, "expected at most 16 texts of 1 to 1024 bytes"),
    names(#"{"outputs":"y","others":["a",""]}"#, "expected at most 16 texts of 1 to 1024 bytes"),
    names(#"{"outputs":"y","others":\#((0..<17).map { "\($0)" })}"#, "expected at most 16 texts of 1 to 1024 bytes"),
    replacing(
      "\"version\":1", "\"version\":1,\"output_names\":{\"outputs\":\"x\"}",
      "it has 'output_names' and no 'input_name'; name the input too"),
    Change("'output_names' names distances, and the network measures none; leave the name out") {
      $0 = Crafted()
      $0.metadata["radial.version"] = "1.2"
      $0.metadata["radial.calibration"] = nil
      $0.metadata["radial.labels"] = nil
      $0.tensors.removeAll { $0.name.hasPrefix("r.") || $0.name.hasPrefix("calibration.") }
      $0.metadata["radial.architecture"] =
        #"{"version":1,"input_shape":[4],"input_name":"in","output_names":{"outputs":"y","distances":"d"},"layers":[{"type":"dense","name":"d","units":3}]}"#
    },
    replacing(
      "\"version\":1", "\"version\":1,\"input_name\":\"\"", "'input_name' is \"\", expected a text of 1 to 1024 bytes"),
    layers("7", "'radial.architecture': layers[0] is 7, expected an object with type and name"),
    layers(#"{"type":"dense","name":"","units":3}"#, "layers[0] has the 'name' \"\", expected a text"),
    layers(#"{"type":"dropout","name":"x","rate":2}"#, "'rate' is 2, expected a number from 0 to 1"),
    layers(#"{"type":"batch_normalization","name":"x","epsilon":-1}"#, "'epsilon' is -1, expected a number from 0 on"),
    layers(#"{"type":"batch_normalization","name":"x","scale":0.5}"#, "'scale' is 0.5, expected true or false"),
    layers(
      #"{"type":"duq","name":"x","units":2,"embedding":2,"sigma":-1}"#, "'sigma' is -1, expected a positive number"),
    layers(
      #"{"type":"duq","name":"x","units":2,"embedding":2,"sigma":1e30}"#, "'sigma' is 1e+30, expected a positive number"
    ),
    replacing("5}", "\"5\"}", "'radial.calibration': 'rows' is \"5\", expected a whole number", in: "calibration"),
    Change("'radial.preprocessing': 'offset' is missing, expected a number") {
      $0.metadata["radial.preprocessing"] = #"{"scale":1}"#
    },
    Change("'radial.preprocessing': 'scale' is \"1\", expected a number") {
      $0.metadata["radial.preprocessing"] = #"{"scale":"1","offset":0}"#
    },
    Change("'radial.verified': unknown of 'output' (did you mean 'outputs'?)") {
      $0.metadata["radial.verified"] = #"{"of":"output","rows":1,"largest_deviation":0,"tolerance":1}"#
    },
    Change("'radial.verified': 'largest_deviation' is 2, expected a number from 0 to the tolerance") {
      $0.metadata["radial.verified"] = #"{"of":"outputs","rows":1,"largest_deviation":2,"tolerance":1}"#
    },
  ]

  static let malformed: [Change] = [
    replacing(
      "\"units\":3", "\"units\":3,\"units\":4",
      "'radial.architecture' is malformed (layers[0]: the member 'units' is there twice, at byte 78); export"),
    replacing(
      "\"units\":3", "\"units\":NaN", "(layers[0].units: expected a value, found what is none in JSON, at byte 76)"),
    replacing("\"units\":3", "\"units\":03", "(layers[0].units: a number begins with 0, at byte"),
    replacing("\"units\":3", "\"units\":1e999", "(layers[0].units: a number is beyond Float64, at byte"),
    replacing("\"tanh\"", "\"ta\nh\"", "a text holds a control character that is not escaped"),
    replacing("\"tanh\"", #""\ud800""#, "a text holds half of a surrogate pair"),
    replacing("\"tanh\"", #""\x""#, "a text holds an escape that JSON does not have"),
    Change("(the text ends where a value is expected, at byte 0)") { $0.metadata["radial.architecture"] = "" },
    Change("(it is [1], expected an object)") { $0.metadata["radial.architecture"] = "[1]" },
    Change("(something follows the end of the JSON, at byte 3)") { $0.metadata["radial.architecture"] = "{} {}" },
    Change("it is nested deeper than 64") {
      $0.metadata["radial.architecture"] = String(repeating: "[", count: 1 << 20)
    },
    replacing("5}", "5,\"rows\":5}", "(the member 'rows' is there twice", in: "calibration"),
  ]

  static let tensors: [Change] = [
    Change(
      "tensor 'd.biass' is nothing that layer 'd' takes (did you mean 'bias'?), as it is described it takes kernel, bias;"
    ) {
      $0.add("d.biass", [3], [1, 2, 3])
    },
    Change("tensor 'd.bias' is nothing that layer 'd' takes, as it is described it takes kernel;") {
      $0.metadata["radial.architecture"]!.replace("\"use_bias\":true", with: "\"use_bias\":false")
    },
    Change("tensor 'r.scale' is nothing that layer 'r' takes, as it is described it takes centers;") {
      $0.add("r.scale", [2], [1, 1])
    },
    Change("tensor 'dense_2.kernel' belongs to no layer, the architecture has none called 'dense_2';") {
      $0.add("dense_2.kernel", [1], [1])
    },
    Change(
      "tensor 'calibration.distance' is none that 'calibration' has (did you mean 'distances'?), it has distances, offsets, sketch;"
    ) {
      $0.add("calibration.distance", [1], [1])
    },
    Change("tensor 'calibraton.limits' belongs to no layer (did you mean 'calibration'?)") {
      $0.add("calibraton.limits", [1], [1])
    },
    Change("tensor 'calibration.distances' is there without the metadata key 'radial.calibration';") {
      $0.metadata["radial.calibration"] = nil
    },
    Change("tensor 'calibration.offsets' is missing") { $0.tensors.removeAll { $0.name == "calibration.offsets" } },
    Change("tensor 'selftest.outputs' is there without 'selftest.inputs';") {
      $0.add("selftest.outputs", [1, 2], [1, 1])
    },
    Change("tensor 'selftest.distances' is there without 'selftest.inputs';") {
      $0.add("selftest.distances", [1, 2], [1, 1])
    },
    Change("tensor 'selftest.outputs' is missing") { $0.add("selftest.inputs", [1, 4], [1, 2, 3, 4]) },
    Change("tensor 'selftest.inputs' has shape [], expected 1 to 4096 rows") {
      $0.tensors.append(("selftest.inputs", "F32", [], Data(count: 4)))
    },
    Change("tensor 'selftest.input' is none that 'selftest' has (did you mean 'inputs'?)") {
      $0.add("selftest.input", [1], [1])
    },
    Change("tensor 'samples.labels' is there without 'samples.inputs';") {
      $0.addIntegers("samples.labels", [1], [0])
    },
    Change("tensor 'samples.rows' is none that 'samples' has, it has inputs, labels;") {
      $0.add("samples.rows", [1], [0])
    },
    Change("is one of more than 4096 that no layer takes;") { crafted in
      crafted.tensors += (0...4096).map { ("step\($0)", "F32", [], Data(count: 4)) }
    },
  ]

  static let versions: [Change] =
    ["1.3", "1.10", "2", "2.0", "17.3"].map { (version: String) in
      Change(
        "made by a newer version of Radial (radial.version \(version == "2.0" ? "2" : version), this one reads up to 1.2); use that one"
      ) {
        $0.metadata["radial.version"] = version
        // What only the newer version knows is not taken for a slip.
        $0.metadata["radial.architecture"]!.replace("\"activation\"", with: "\"actvation\"")
        $0.metadata["radial.label"] = "[]"
      }
    }
    + ["", "1.", "one", "+1", "-1", "0", "1.1.1", "1e1", "9999999"].map { (version: String) in
      Change("'radial.version' is '\(version)', expected a version such as 1 or 1.2") {
        $0.metadata["radial.version"] = version
      }
    }

  /// Words of the decoder, of Swift and of Foundation.
  private static let internals = [
    "CodingKey", "debugDescription", "Swift", "Optional", "Decod", "Dictionary", "NSError", "stringValue",
  ]

  @Test(arguments: unknownMembers + wrongTypes + malformed + versions)
  func `what the description says and nobody reads is refused by name`(change: Change) throws {
    var crafted = Crafted()
    change.change(&crafted)
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    let text = error?.description ?? ""
    #expect(text.contains(change.sentence), "\(text)")
    #expect(!Self.internals.contains { text.contains($0) }, "\(text)")
    #expect(text.utf8.count < 700 && !text.contains("\n"), "\(text)")
  }

  @Test(arguments: tensors) func `tensors that belong to another network are refused by name`(change: Change) throws {
    var crafted = Crafted()
    change.change(&crafted)
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(
      error?.reason == .tensor
        && error?.description.contains(change.sentence)
          == true,
      "\(error?.description ?? "")")
  }

  @Test func `gammas of units that are not positive take the class away, and are refused where there are no others`()
    throws
  {
    for (output, gammas, isClassifier, found) in [
      ("gaussian", [1, -0.5], false, nil), ("gaussian", [0, 1], false, nil),
      ("negative_distance", [1, -0.0], false, nil),
      ("distance", [1, -0.5], true, nil), ("gaussian", [1, 0x1p-149], true, nil), ("gaussian", [-2, 0], nil, "-2.0"),
      ("negative_distance", [-0.0, 0], nil, "-0.0"), ("distance", [-1, -1], true, nil),
    ] as [(String, [Float], Bool?, String?)] {
      var crafted = Crafted()
      crafted.metadata["radial.calibration"] = nil
      crafted.tensors.removeAll { $0.name.hasPrefix("calibration.") }
      crafted.metadata["radial.architecture"]!.replace("gaussian", with: output)
      crafted.metadata["radial.architecture"]!.replace("\"scale\":0.5", with: "\"scale\":\"tensor\"")
      crafted.add("r.scale", [2], gammas)
      guard let found else {
        #expect(try load(crafted.data).isClassifier == isClassifier, "\(output), \(gammas)")
        continue
      }
      let error = #expect(throws: ModelError.self) { try load(crafted.data) }
      #expect(
        error?.description.contains("tensor 'r.scale' holds \(found) at element 0, and no positive number") == true)
    }
  }

  @Test func `members that exporters write, and what is anybody's, are read`() throws {
    for version in ["", "1", "1.0", "1.1", "1.2"] {
      var crafted = Crafted()
      crafted.metadata["radial.version"] = version.isEmpty ? nil : version
      crafted.metadata["other"] = "anybody's"
      crafted.metadata["radial_note"] = "anybody's"
      crafted.metadata["radial.training"] = #"{"anything":[{"at":"all"}]}"#
      crafted.metadata["radial.architecture"] =
        #"{"version":1,"input_shape":[4],"input_name":"pixels","layers":[{"type":"dropout","name":"o","rate":0.3},{"type":"dense","name":"d","units":3.0,"activation":"leaky_relu","negative_slope":0.1},{"type":"dropout","name":"p"},{"type":"rbf","name":"r","units":2,"output":"distance","scale":-1,"inferred_from":"the class' name 'RBF'"}]}"#
      // Another program's, whose name says nothing of this network.
      crafted.add("optimizer.step", [1], [3])
      crafted.add("counter", [1], [3])
      let model = try load(crafted.data)
      #expect(model.layers.map(\.inferredFrom) == [nil, nil, nil, "the class' name 'RBF'"])
      #expect(model.layers[1].formula == "leaky_relu(x · W + b), negative_slope = 0.1")
    }
  }

  @Test func `a tensor of a layer called like one of Radial's own groups is the layer's`() throws {
    var crafted = Crafted()
    for group in ["calibration", "selftest", "samples"] {
      crafted = Crafted()
      crafted.metadata["radial.architecture"]!.replace("\"name\":\"d\"", with: "\"name\":\"\(group)\"")
      crafted.tensors = crafted.tensors.map { tensor in
        var renamed = tensor
        if tensor.name.hasPrefix("d.") { renamed.name = group + tensor.name.dropFirst() }
        return renamed
      }
      #expect(try load(crafted.data).layers[0].name == group)
    }
  }

  @Test func `damaged descriptions: read or refused with a sentence, never a crash`() throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let whole = Crafted()
    var refused = 0
    for index in 0..<mutations(2000) {
      var crafted = whole
      let key = ["radial.architecture", "radial.calibration", "radial.labels"][index % 3]
      let bytes = damaged(
        Array(whole.metadata[key]!.utf8), alphabet: "{}[]\",:\\u0019-.eE truefalsn", using: &random)
      crafted.metadata[key] = String(decoding: bytes, as: UTF8.self)
      do {
        _ = try load(crafted.data)
      } catch let error as ModelError {
        refused += 1
        #expect(
          !Self.internals.contains { error.description.contains($0) } && error.description.utf8.count < 900,
          "seed \(seed): \(error)")
      }
    }
    #expect(refused > mutations(2000) / 2, "seed \(seed)")
  }

  @Test func `JSON reads as it was written`() throws {
    let text = #" {"a":[1,-2.5e3,true,false,null,"x\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00"],"":{}} "#
    let value = try JSONReader.read(text)
    #expect(value["a"]?.array?.prefix(5) == [.number(1), .number(-2500), .bool(true), .bool(false), .null])
    #expect(value["a"]?.array?.last?.text == "x\"\\/\u{8}\u{c}\n\r\téé😀" && value[""] == .object([:]))
    #expect(try JSONReader.read(value.text(isPretty: false)) == value)
  }
}

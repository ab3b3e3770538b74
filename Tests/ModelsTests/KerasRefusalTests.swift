import Foundation
import TestSupport
import Testing

@testable import Models

/// Changed and damaged Keras files.
@Suite struct KerasRefusalTests {
  private static func data(_ file: String) throws -> Data {
    try Data(contentsOf: KerasFileTests.folder.appendingPathComponent(file))
  }

  /// A change of config.json, and what the refusal must say.
  static let changes: [(old: String, new: String, part: String)] = [
    (#""class_name": "Sequential""#, #""class_name": "MyModel""#, "its model is a 'MyModel'"),
    (#""class_name": "Dense""#, #""class_name": "Denser""#, "(Denser): Radial serves no such layer"),
    (#""class_name": "Dense""#, #""class_name": "Embedding""#, "(Embedding): Radial serves no such layer"),
    (#""activation": "tanh""#, #""activation": "mish""#, "unknown activation 'mish'"),
    (#""activation": "tanh""#, #""activation": 7"#, "its activation is malformed"),
    (#""activation": "tanh""#, #""activation": {"class_name": "PReLU", "config": {}}"#, "the layer 'PReLU'"),
    (#""units": 4"#, #""units": 5"#, "expected 5 features on one side"),
    (#""units": 4"#, #""units": -4"#, "'units' is missing or no positive number"),
    (#""use_bias": true"#, #""use_bias": false"#, "holds 2 variables for it, expected 1 (kernel)"),
    (#""batch_shape": [null, 6]"#, #""batch_shape": [null, null]"#, "[any] behind the batch dimension"),
    (#""batch_shape": [null, 6]"#, #""batch_shape": [null, 900000000000]"#, "use a smaller one"),
    (#""batch_shape": [null, 6]"#, #""batch_shape": [null, 7]"#, "expected [7, 4] (input shape [7])"),
    (#""batch_shape": [null, 6]"#, #""batch_shape": [null, 3, 2]"#, "put a Flatten layer before it"),
    (#""gamma": 0.7"#, #""gamma": "0.7""#, #"its 'gamma' is "0.7", expected a number"#),
    (#""gamma": 0.7"#, #""gamma": 1e99"#, "'gamma' is 1e+99, expected a finite Float32 above 0"),
    (#""gamma": 0.7"#, #""gamma": 1e-99"#, "'gamma' is 1e-99, expected a finite Float32 above 0"),
    (#""gamma": 0.7"#, #""gamma": 0"#, "'gamma' is 0.0, expected a positive number"),
    (#""gamma": 0.7"#, #""gamma": -0.7"#, "'gamma' is -0.7, expected a positive number"),
    (#""gamma": 0.7"#, #""gamma": 0.7, "num_classes": 5"#, "'num_classes' is 5, but its matrix has 3 units"),
    (#""gamma": 0.7"#, #""gamma": 0.7, "centers_layout": "units_features""#, "expected features_units of its matrix"),
    (#""gamma": 0.7"#, #""gamma": 0.7, "centers_layout": 7"#, "centers_layout is 'no text'"),
    (#""gamma": 0.7"#, #""gamma": 0.7, "factor": 2"#, "'factor' is nothing that exp(-gamma d^2) has"),
    (
      #""gamma": 0.7"#, #""gamma": 0.7, "mode": null"#,
      "its configuration has 'mode', which may change what it computes"
    ),
    (#""gamma": 0.7"#, #""gamma": 0.7, "output_form": "cosine""#, "output_form is 'cosine'"),
    (#""units": 3"#, #""units": 2"#, "expected 4 features on one side and 2 units on the other"),
    (#""units": 3"#, #""units": 3, "data_format": "channels_first""#, "expected channels_last"),
    (#"{"module""#, #"{"module"#, "config.json is malformed"),
  ]

  @Test(arguments: changes.indices)
  func `every refusal names the file, the place and what to do`(index: Int) throws {
    let change = Self.changes[index]
    var zip = StoredZip(reading: try Self.data("trained.keras"))
    var text = String(decoding: zip.members.first { $0.name == "config.json" }!.content, as: UTF8.self)
    let place = try #require(text.range(of: change.old))
    text.replaceSubrange(place, with: change.new)
    zip.set("config.json", Data(text.utf8))
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.description.contains(change.part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains(".safetensors: ") == true)
  }

  @Test func `models within models are followed to a bound`() throws {
    var zip = StoredZip(reading: try Self.data("trained.keras"))
    var text = #"{"class_name":"Dense","config":{}}"#
    for _ in 0..<18 {
      text = #"{"class_name":"Sequential","config":{"build_input_shape":[null,6],"layers":["# + text + "]}}"
    }
    zip.set("config.json", Data(text.utf8))
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.description.contains("too deep") == true, "\(error?.description ?? "")")
  }

  @Test func `an archive without weights is refused`() throws {
    var zip = StoredZip(reading: try Self.data("trained.keras"))
    zip.remove("model.weights.h5")
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.reason == .file && error?.description.contains("no member 'model.weights.h5'") == true)
  }

  /// Archives as they are; their configuration and their weights under sound checksums; legacy files.
  @Test(arguments: [
    "trained.keras", "config.json", "model.weights.h5", "nested.h5", "forms/rewritten.latest.h5",
    "forms/rewritten.tracked.h5",
  ])
  func `damaged copies: loaded or refused, never a crash`(part: String) throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let isMember = ["config.json", "model.weights.h5"].contains(part)
    var zip = StoredZip(reading: try Self.data(isMember ? "nested.keras" : "trained.keras"))
    let whole = isMember ? zip.members.first { $0.name == part }!.content : try Self.data(part)
    var refused = 0
    for _ in 0..<mutations(2000) {
      let damaged = random.damaged(whole)
      if isMember { zip.set(part, damaged) }
      do {
        _ = try load(isMember ? zip.data : damaged)
      } catch let error as ModelError {
        refused += 1
        #expect(error.description.count > 20, "seed \(seed)")
      }
    }
    // Most of an HDF5 file is slack and weights, so many damages of it go unnoticed.
    #expect(refused > 200, "seed \(seed)")
  }
}

extension SplitMix {
  /// A copy with one to four flipped bits, overwritten lengths, copied or lost stretches.
  mutating func damaged(_ data: Data) -> Data {
    var bytes = [UInt8](data)
    for _ in 0..<Int.random(in: 1...4, using: &self) where bytes.count > 16 {
      let place = Int.random(in: 0..<bytes.count - 8, using: &self)
      switch Int.random(in: 0..<6, using: &self) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 2:
        // A length or an address, where these lie: at multiples of their size.
        let width = [2, 4, 8].randomElement(using: &self)!
        let values = [0, 1, UInt64(place), UInt64(bytes.count), UInt64(bytes.count) - 8, 1 << 31, 1 << 62, .max]
        let value = values.randomElement(using: &self)!
        let start = place & ~(width - 1)
        for index in 0..<width { bytes[start + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
      case 3:
        let count = min(Int.random(in: 1...64, using: &self), bytes.count - place)
        let target = Int.random(in: 0...bytes.count - count, using: &self)
        for index in 0..<count { bytes[target + index] = bytes[place + index] }
      case 4: bytes.remove(at: place)
      default: bytes.removeLast(bytes.count - place)
      }
    }
    return Data(bytes)
  }
}

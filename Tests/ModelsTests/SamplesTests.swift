import Foundation
import Models
import Testing

/// Rows that a model's file publishes. `Crafted` has 4 inputs and 2 classes.
@Suite struct SamplesTests {
  private static func crafted(_ rows: [Int], _ values: [Float], labels: [Int]? = nil, shape: [Int]? = nil) -> Crafted {
    var crafted = Crafted()
    crafted.add("samples.inputs", rows, values)
    if let labels { crafted.addIntegers("samples.labels", shape ?? [labels.count], labels) }
    return crafted
  }

  private static var floatLabels: Crafted {
    var crafted = Self.crafted([1, 4], rows(1))
    crafted.add("samples.labels", [1], [1])
    return crafted
  }

  private static var integerInputs: Crafted {
    var crafted = Crafted()
    crafted.addIntegers("samples.inputs", [1, 4], [1, 2, 3, 4])
    return crafted
  }

  private static func rows(_ count: Int) -> [Float] { (0..<4 * count).map(Float.init) }

  @Test func `samples are read with their classes, and without`() throws {
    #expect(try load(Crafted().data).samples == nil)
    let plain = try #require(try load(Self.crafted([2, 4], Self.rows(2)).data).samples)
    #expect(plain.rows == 2 && plain.inputs == Self.rows(2) && plain.classes == nil)
    let most = try #require(
      try load(Self.crafted([100, 4], Self.rows(100), labels: (0..<100).map { $0 % 2 }).data).samples)
    #expect(most.rows == 100 && most.classes?.prefix(3) == [0, 1, 0])
  }

  static let hostile: [(Crafted, String)] = [
    (crafted([101, 4], rows(101)), "tensor 'samples.inputs' has shape [101, 4], expected 1 to 100 rows of 4 numbers;"),
    (crafted([0, 4], []), "tensor 'samples.inputs' has shape [0, 4], expected 1 to 100 rows"),
    (crafted([4], rows(1)), "tensor 'samples.inputs' has shape [4], expected [4, 4]"),
    (crafted([], [1]), "tensor 'samples.inputs' has shape [], expected 1 to 100 rows"),
    (crafted([2, 3], [1, 2, 3, 4, 5, 6]), "tensor 'samples.inputs' has shape [2, 3], expected [2, 4]"),
    (crafted([1, 2, 2], rows(1)), "tensor 'samples.inputs' has shape [1, 2, 2], expected [1, 4]"),
    (crafted([1, 4], [1, .nan, 3, 4]), "tensor 'samples.inputs' holds nan at element 1, expected finite numbers;"),
    (crafted([1, 4], [1, 2, 3, -.infinity]), "tensor 'samples.inputs' holds -inf at element 3"),
    (crafted([2, 4], rows(2), labels: [0]), "tensor 'samples.labels' has shape [1], expected [2]"),
    (
      crafted([2, 4], rows(2), labels: [0, 1], shape: [2, 1]), "tensor 'samples.labels' has shape [2, 1], expected [2]"
    ),
    (crafted([2, 4], rows(2), labels: [1, 2]), "tensor 'samples.labels' has class 2 at row 1, expected 0 to 1;"),
    (crafted([1, 4], rows(1), labels: [-1]), "tensor 'samples.labels' has class -1 at row 0"),
    (crafted([1, 4], rows(1), labels: [.max]), "tensor 'samples.labels' has class 9223372036854775807 at row 0"),
    (floatLabels, "tensor 'samples.labels' is F32, expected I64"),
    (integerInputs, "tensor 'samples.inputs' is I64, expected F64, F32, F16 or BF16"),
  ]

  @Test(arguments: hostile.indices)
  func `what is none is refused, saying what was expected`(index: Int) throws {
    let (crafted, sentence) = Self.hostile[index]
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    #expect(error?.reason == .tensor)
  }

  @Test func `rows too wide to publish are refused by what they are`() throws {
    var crafted = Crafted()
    let width = Samples.maximumNumbers + 1
    crafted.metadata["radial.architecture"] =
      #"{"version":1,"input_shape":[\#(width)],"layers":[{"type":"dropout","name":"o"}]}"#
    crafted.metadata["radial.labels"] = nil
    crafted.metadata["radial.calibration"] = nil
    crafted.tensors = []
    #expect(try load(crafted.data).samples == nil)
    crafted.add("samples.inputs", [1, width], [Float](repeating: 0, count: width))
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(
      error?.description.contains("expected no samples, which have 524288 numbers at most, of 524289") == true,
      "\(error?.description ?? "")")
  }

  @Test func `classes of a network that answers none are refused`() throws {
    var crafted = Self.crafted([1, 4], Self.rows(1), labels: [0])
    crafted.metadata["radial.architecture"] =
      #"{"version":1,"input_shape":[4],"layers":[{"type":"dropout","name":"o"}]}"#
    crafted.metadata["radial.labels"] = nil
    crafted.metadata["radial.calibration"] = nil
    crafted.tensors.removeAll { !$0.name.hasPrefix("samples.") }
    let error = #expect(throws: ModelError.self) { try load(crafted.data) }
    #expect(error?.description.contains("names classes, and the network answers none") == true)
  }
}

import Foundation

/// Small MNIST: the first hundred rows of the test set.
struct MNISTSample: Decodable {
  let rows: [[Int]]
  let labels: [Int]

  static func load() throws -> MNISTSample {
    let url = Bundle.module.url(forResource: "Data/mnist-sample", withExtension: "json")!
    return try JSONDecoder().decode(MNISTSample.self, from: Data(contentsOf: url))
  }

  func body(_ range: Range<Int>, extra: String = "") -> String {
    "{\"instances\":["
      + rows[range].map { "[" + $0.map(String.init).joined(separator: ",") + "]" }.joined(separator: ",")
      + "]\(extra)}"
  }
}

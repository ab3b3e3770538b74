import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// Covariance, Cholesky and K-means against NumPy's and scikit-learn's numbers (make_linear.py).
@Suite struct LinearTests {
  struct Reference: Decodable {
    struct Spread: Decodable {
      let rows: Int, width: Int, classes: Int, x: [Float], labels: [Int32]
      let mean: [Double], within: [Double], lower: [Double], inverse: [Double]
    }
    struct Clusters: Decodable {
      let rows: Int, width: Int, count: Int, x: [Float], centers: [Double], inertia: Double, best: Double
    }
    let covariances: [Spread]
    let clusters: [Clusters]
  }

  static let reference = try! JSONDecoder().decode(
    // A fixture of this folder, which the script writes.
    Reference.self, from: Data(contentsOf: Bundle.module.url(forResource: "Data/linear", withExtension: "json")!))

  private func near(_ found: [Double], _ expected: [Double], _ tolerance: Double) -> Bool {
    let scale = expected.map(abs).max() ?? 1
    return found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance * scale }
  }

  @Test func `covariance, Cholesky factor and its inverse are NumPy's`() throws {
    #expect(Self.reference.covariances.count == 3)
    for expected in Self.reference.covariances {
      let covariance = expected.x.withUnsafeBufferPointer {
        Covariance($0, width: expected.width, classes: expected.labels, count: expected.classes)
      }
      #expect(near(covariance.mean, expected.mean, 1e-12) && near(covariance.within, expected.within, 1e-12))
      let factor = try #require(Cholesky(covariance.shrunk(by: 1e-3), width: expected.width))
      #expect(near(factor.lower, expected.lower, 1e-10) && near(factor.inverse, expected.inverse, 1e-9))
      // The same in every run, whatever the threads do.
      let again = expected.x.withUnsafeBufferPointer {
        Covariance($0, width: expected.width, classes: expected.labels, count: expected.classes)
      }
      #expect(again.within == covariance.within)
      #expect(Cholesky(again.shrunk(by: 1e-3), width: expected.width)?.inverse == factor.inverse)
    }
    #expect(
      Cholesky([1, 0, 2, 1], width: 2) == nil && Cholesky([0], width: 1) == nil && Cholesky([.nan], width: 1) == nil)
    // Rows that are all the same have no spread, and any scale serves.
    let same: [Float] = [1, 2, 1, 2]
    let flat = same.withUnsafeBufferPointer { Covariance($0, width: 2, classes: [0, 0], count: 1) }
    #expect(flat.within == [0, 0, 0, 0] && flat.shrunk(by: 1e-3) == [1e-3, 0, 0, 1e-3])
  }

  @Test func `K-means from given centers is scikit-learn's, and from its own nearly the best of twenty`() {
    #expect(Self.reference.clusters.count == 2)
    for expected in Self.reference.clusters {
      let rows = (0..<expected.rows).map { Array(expected.x[$0 * expected.width..<($0 + 1) * expected.width]) }
      let given = KMeans(rows, from: rows.prefix(expected.count).map { $0.map(Double.init) })
      #expect(near(given.centers.flatMap { $0 }, expected.centers, 1e-9))
      #expect(abs(given.inertia - expected.inertia) <= 1e-9 * expected.inertia)
      let own = (1...5).map { KMeans(rows, count: expected.count, seed: $0) }
      #expect(own.map(\.inertia).min()! <= 1.1 * expected.best)
      #expect(KMeans(rows, count: expected.count, seed: 3).centers == own[2].centers)
    }
    // Fewer different rows than centers.
    #expect(KMeans([[1], [1], [2]], count: 16, seed: 1).centers.count == 2)
    #expect(KMeans([[5, 6]], count: 16, seed: 1).centers == [[5, 6]])
  }
}

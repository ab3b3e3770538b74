import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// The numbers that an evaluation is made of, against SciPy's and scikit-learn's (make_reference.py).
@Suite struct FiguresTests {
  struct Reference: Decodable {
    struct Limits: Decodable { let rows: Int, trials: Int, rate: Double, low: Double, high: Double }
    struct Separated: Decodable { let known: [Float], far: [Float], auroc: Double, fpr95: Double }
    let limits: [Limits]
    let separations: [Separated]
  }

  static let reference = try! JSONDecoder().decode(
    // A fixture of this folder, which the script writes.
    Reference.self, from: Data(contentsOf: Bundle.module.url(forResource: "Data/reference", withExtension: "json")!))

  @Test func `what chance allows is SciPy's beta-binomial`() {
    #expect(Self.reference.limits.count == 6)
    for expected in Self.reference.limits {
      let found = BetaBinomial(trials: expected.trials, rows: expected.rows, rate: expected.rate).limits
      #expect(abs(found.lowerBound - expected.low) < 1e-9 && abs(found.upperBound - expected.high) < 1e-9)
    }
    // With 99 rows nothing is rejected at 1 %, for p = 0.01 is not below it; with a rate of nearly 1 everything may be.
    for rows in [50, 99] { #expect(BetaBinomial(trials: 9, rows: rows, rate: 0.01).limits == 0...0) }
    #expect(BetaBinomial(trials: 900, rows: 100, rate: 0.01).limits.upperBound > 0)
    #expect(BetaBinomial(trials: 9, rows: 1, rate: 0.9999).limits.upperBound == 1)
  }

  @Test func `areas and false positives are scikit-learn's, ties and all`() throws {
    #expect(Self.reference.separations.count == 4)
    for expected in Self.reference.separations {
      let found = try #require(Separation(known: expected.known, far: expected.far))
      #expect(abs(found.auroc - expected.auroc) < 1e-12)
      #expect(abs(found.falsePositiveRate - expected.fpr95) < 1e-12)
      #expect(found.curve.first.map { $0 == (0, 0) } == true && found.curve.last.map { $0 == (1, 1) } == true)
      #expect(zip(found.curve, found.curve.dropFirst()).allSatisfy { $0.known <= $1.known && $0.far <= $1.far })
    }
    #expect(Separation(known: [], far: [1]) == nil && Separation(known: [1], far: []) == nil)
  }

  @Test func `shares are said in two decimals`() {
    #expect(
      [0, 0.00004, 0.00005, 0.7251, 1].map(Evaluation.percent) == ["0.00 %", "0.00 %", "0.01 %", "72.51 %", "100.00 %"])
    #expect([0, 0.9996, 0.05, 1].map(Evaluation.rounded) == ["0.000", "1.000", "0.050", "1.000"])
  }

  @Test func `synthetic rows are strange, and the same in every run`() {
    var random = SplitMix(state: 3)
    let rows = (0..<40).map { _ in random.floats(64, in: 0...1) }
    let classes = (0..<40).map { Int32($0 % 3) }
    for shape in [[64], [8, 8], [4, 4, 4]] {
      let sets = SyntheticRows.make(of: rows, classes: classes, shape: shape)
      let again = SyntheticRows.make(of: rows, classes: classes, shape: shape)
      #expect(sets.map(\.name) == SyntheticRows.names)
      for (set, same) in zip(sets, again) {
        #expect(set.rows == same.rows && set.rows.count == 40 && set.rows.allSatisfy { $0.count == 64 })
        #expect(!zip(set.rows, rows).contains { $0 == $1 }, "\(set.name), \(shape)")
        #expect(set.rows.allSatisfy { $0.allSatisfy { (-0.1...1.1).contains($0) } })
      }
      // Shuffled rows have the same numbers.
      #expect(zip(sets[0].rows, rows).allSatisfy { $0.sorted() == $1.sorted() })
    }
    #expect(SyntheticRows.make(of: [], classes: [], shape: [3]).isEmpty)
    #expect(SyntheticRows.make(of: [[1]], classes: [0], shape: [1]).count == 4)
  }

  @Test func `a sample is the same in any order, and takes a row once`() {
    var random = SplitMix(state: 5)
    let rows = (0..<500).map { _ in (random.next(), random.floats(2)) }
    func sample(_ rows: [(UInt64, [Float])]) -> [[Float]] {
      let sample = RowSample(capacity: 20)
      for (hash, row) in rows { row.withUnsafeBufferPointer { sample.offer($0, hash: hash) } }
      return sample.rows
    }
    let expected = rows.sorted { $0.0 < $1.0 }.prefix(20).map(\.1)
    #expect(sample(rows) == expected && sample(rows.reversed()) == expected && sample(rows + rows) == expected)
  }

  @Test func `texts of a report are escaped`() {
    #expect("<b a='1'>&\"\u{7}".escapedHTML == "&lt;b a=&#39;1&#39;&gt;&amp;&quot; ")
    let picture = Picture.bitmap([0, 1, 2, 3], shape: [2, 2, 1], label: "<x>")
    #expect(picture?.hasPrefix("<img alt=\"&lt;x&gt;\" src=\"data:image/bmp;base64,Qk1") == true)
    #expect(Picture.bitmap([0, 1, 2], shape: [3], label: "") == nil)
    #expect(Picture.bitmap([Float](repeating: 0, count: 8), shape: [2, 2, 2], label: "") == nil)
  }
}

import Foundation
import RadialEngine
import TestSupport
import Testing

@testable import Models

/// Split-conformal calibration by answered class: what it guarantees, and what files keep of it.
@Suite struct CalibrationTests {
  /// A network of `classes` prototypes on a line; γ of unit c is c + 1 where `isScaled`.
  static func network(_ classes: Int, isScaled: Bool = false) throws -> Network {
    try Network(
      inputWidth: 1,
      layers: [
        .rbf(
          RBF(
            name: "r", inputs: 1, units: classes, centers: (0..<classes).map { Float($0) * 100 },
            centersLayout: .featuresUnits,
            scale: isScaled ? .perUnit((0..<classes).map { Float($0) + 1 }) : .scalar(0.5), output: .gaussian))
      ])
  }

  static func calibration(
    _ distances: [[Float]], rate: Double = 0.01, minimumRows: Int = 0, isScaled: Bool = false
  ) throws -> Calibration {
    Calibration(
      distances: distances, of: try network(distances.count, isScaled: isScaled), rate: rate, minimumRows: minimumRows)
  }

  @Test func `a distance is ranked among those of its class`() throws {
    let calibration = try Self.calibration([[3, 1, 2], [5, 5, 5], []])
    #expect(calibration.pValue(class: 0, distance: 0.5) == 1)
    #expect(calibration.pValue(class: 0, distance: 2) == 0.75)
    #expect(calibration.pValue(class: 0, distance: 2.5) == 0.5)
    #expect(calibration.pValue(class: 0, distance: 4) == 0.25 && calibration.pValue(class: 0, distance: .nan) == 0.25)
    // Ties are as far.
    #expect(calibration.pValue(class: 1, distance: 5) == 1 && calibration.pValue(class: 1, distance: 5.1) == 0.25)
    // Of no rows nothing is known to be far.
    #expect(calibration.pValue(class: 2, distance: 1e9) == 1 && calibration.limit(of: 2, at: 0.5) == nil)
  }

  /// For all sizes, rates and ties: the limit is the largest distance that is still known.
  @Test func `limits are where known ends`() throws {
    var random = SplitMix(state: 11)
    for isScaled in [false, true] {
      for count in [0, 1, 2, 3, 9, 10, 98, 99, 100, 101, 999] {
        // Whole numbers, so that there are ties.
        let values = random.floats(count, in: 0...50).map { $0.rounded() }
        let calibration = try Self.calibration([values, values], isScaled: isScaled)
        for index in 0...1 {
          for rate in [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9] {
            guard let limit = calibration.limit(of: index, at: rate) else {
              #expect(calibration.pValue(class: index, distance: .infinity) >= rate, "\(count), \(rate)")
              continue
            }
            #expect(calibration.pValue(class: index, distance: limit) >= rate, "\(count), \(rate)")
            #expect(calibration.pValue(class: index, distance: limit.nextUp) < rate, "\(count), \(rate)")
          }
        }
      }
    }
  }

  /// The smallest rate that n rows can keep is 1 / (n + 1).
  @Test func `a class rejects from one over its rows and one on`() throws {
    for count in [1, 9, 99] {
      let calibration = try Self.calibration([(0..<count).map(Float.init)])
      #expect(calibration.limit(of: 0, at: 1 / Double(count + 1)) == nil)
      #expect(calibration.limit(of: 0, at: 1.01 / Double(count + 1)) == Float(count - 1))
    }
  }

  @Test func `classes with few rows are one category, by scaled distances`() throws {
    let distances: [[Float]] = [(0..<10).map(Float.init), [4], [2, 1]]
    let calibration = try Self.calibration(distances, minimumRows: 3, isScaled: true)
    // γ is 1, 2, 3: the category holds 8, 3 and 6.
    #expect(
      calibration.limits(of: 0)
        == Calibration.ClassLimits(rows: 10, isPooled: false, isBorrowed: false, categoryRows: 10))
    #expect(
      calibration.limits(of: 1) == Calibration.ClassLimits(rows: 1, isPooled: true, isBorrowed: false, categoryRows: 3))
    #expect(
      calibration.limits(of: 2) == Calibration.ClassLimits(rows: 2, isPooled: true, isBorrowed: false, categoryRows: 3))
    #expect(calibration.pValue(class: 1, distance: 4) == 0.5 && calibration.pValue(class: 1, distance: 4.1) == 0.25)
    #expect(calibration.pValue(class: 2, distance: 1) == 1 && calibration.pValue(class: 2, distance: 2) == 0.75)
    // Which category it is does not depend on the rate.
    #expect(calibration.limit(of: 1, at: 0.3) == 4 && calibration.limit(of: 2, at: 0.3) == (8 / 3 as Float))
    let warnings = CalibrationDescription(calibration, labels: ["a", "b", "c"]).warnings
    #expect(warnings[0] == "with fewer than 3 rows, ranked together among 3 rows: b, c", "\(warnings)")
    #expect(
      warnings[1] == "never unknown at a rate of 0.01, which takes 100 rows of a category: a, b, c", "\(warnings)")
  }

  /// P(rejected | answered k) ≤ α and ≥ α − 1/(n+1), on average over calibration sets: the distance of a new row is one more draw.
  @Test(arguments: [1, 7, 50, 99, 200], [0.005, 0.01, 0.05, 0.1])
  func `a new row is rejected at the rate, on average over calibration sets`(count: Int, rate: Double) throws {
    var random = SplitMix(state: UInt64(count) &* 977 &+ UInt64(rate * 1e4))
    let network = try Self.network(1)
    var (rejected, trials, squares) = (0.0, 0.0, 0.0)
    for _ in 0..<mutations(2000) {
      let values = random.floats(count, in: 0...1)
      let calibration = Calibration(distances: [values], of: network, rate: rate, minimumRows: 0)
      let new = random.floats(20, in: 0...1)
      let share = Double(new.count { calibration.pValue(class: 0, distance: $0) < rate }) / 20
      (rejected, trials, squares) = (rejected + share, trials + 1, squares + share * share)
    }
    let mean = rejected / trials
    let error = ((squares / trials - mean * mean) / trials).squareRoot() + 1e-9
    #expect(mean <= rate + 4 * error, "\(mean) of \(rate)")
    #expect(mean >= rate - 1 / Double(count + 1) - 4 * error, "\(mean) of \(rate)")
  }

  @Test func `a file keeps it, its categories and its rows`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("in.safetensors")
    try Crafted().data.write(to: input)
    let editor = try ModelEditor(input.path)
    var sketch = RowSketch()
    for hash in [UInt64.max, 3, 1, 3] { sketch.insert(hash) }
    let calibration = Calibration(
      distances: [[0.5, 0.25, 1], [2]], of: editor.model.network, rate: 0.2, minimumRows: 2, sketch: sketch)
    editor.setCalibration(calibration)
    let path = folder.appendingPathComponent("out.safetensors").path
    let written = try editor.write(to: OutputFile(path: path, inputs: [input.path], kind: .model, force: false))
    #expect(try SafetensorsFile(path: path).metadata["radial.version"] == "1.2")
    for model in [written, try Model.load(path: path)] {
      let read = try #require(model.calibration)
      #expect(read.categories == .predicted && read.rows == 4 && read.falseRejectRate == 0.2)
      #expect(read.sketch.hashes == [1, 3, .max])
      for index in 0...1 {
        #expect(read.limits(of: index) == calibration.limits(of: index))
        for distance in [0, 0.3, 0.6, 2, 9] as [Float] {
          #expect(
            read.pValue(class: index, distance: distance) == calibration.pValue(class: index, distance: distance))
        }
      }
      #expect(model.summary(proofAdvice: "").contains("split_conformal by predicted class, 4 rows"))
    }
    // Files of before rank among rows of the true class, and are written on as they are.
    #expect(try Model.load(path: input.path).calibration?.categories == .own)
    let again = folder.appendingPathComponent("again.safetensors").path
    try Model.convert(input.path, to: again)
    #expect(try SafetensorsFile(path: again).metadata["radial.version"] == "1")
    #expect(try Model.load(path: again).calibration?.categories == .own)
  }

  @Test func `a sketch knows a part of its rows again`() {
    var random = SplitMix(state: 12)
    let rows = (0..<2000).map { _ in random.floats(5) }
    func hash(_ row: [Float]) -> UInt64 { row.withUnsafeBufferPointer(RowSketch.hash) }
    let hashes = rows.map(hash)
    #expect(Set(hashes).count == 2000)
    var (one, other, shuffled) = (RowSketch(), RowSketch(), RowSketch())
    for (index, value) in hashes.enumerated() {
      if index % 2 == 0 { one.insert(value) } else { other.insert(value) }
    }
    for value in hashes.reversed() { shuffled.insert(value) }
    one.insert(other)
    #expect(one == shuffled && one.hashes.count == RowSketch.capacity)
    #expect(one.hashes == Array(hashes.sorted().prefix(RowSketch.capacity)))
    #expect(hashes.count { one.contains($0) } == RowSketch.capacity)
    #expect(!one.contains(hash([1, 2, 3, 4, 5])))
    #expect(hash([0, 1]) == hash([-0.0, 1]) && hash([0, 1]) != hash([1, 0]) && hash([0]) != hash([0, 0]))
  }
}

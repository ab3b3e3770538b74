import Bytes
package import Models

/// Strange rows, made of ordinary ones: what a model should not know. Real strange rows may be harder.
package enum SyntheticRows {
  /// Under which they are told.
  package static let names = ["shuffled", "noise", "negative", "blended"]

  /// How much each counts where a layer is chosen. A blend lies between two known rows, and near both: it is doubtful more than far, and
  /// differs so much more between layers than the others do that it would decide alone. With it, and with a third of it, one of four networks
  /// was given a layer that tells really far rows worse than its softmax does (the page Numbers has the four).
  package static let weights = [1, 1, 1, 0.0]

  /// Each kind, as many rows as there are, as a model takes them.
  package static func make(
    for model: Model, of rows: [[Float]], classes: [Int32], seed: UInt64 = 1
  ) -> [(name: String, rows: [[Float]])] {
    make(
      of: rows.map(model.cellByCell), classes: classes, shape: model.imageShape ?? model.inputShape, seed: seed
    ).map { ($0.name, $0.rows.map(model.asTaken)) }
  }

  /// As far from the upper end as a value is from the lower one.
  private static func mirrored(_ value: Float, _ low: Float, _ high: Float) -> Float {
    let distance = high - value
    // The difference of two Float32 may be beyond them, what is looked for is not.
    return distance.isFinite ? low + distance : Float(Double(low) + (Double(high) - Double(value)))
  }

  /// Each kind, as many rows as there are.
  /// - Parameters:
  ///   - rows: ordinary ones, of one width.
  ///   - classes: what is answered for each: rows of two classes are blended.
  ///   - shape: of a row: an image [rows, columns, channels] is shuffled in tiles.
  package static func make(of rows: [[Float]], classes: [Int32], shape: [Int], seed: UInt64 = 1) -> [(
    name: String, rows: [[Float]]
  )] {
    guard let width = rows.first?.count else { return [] }
    var random = SplitMix64(state: seed)
    var (low, high) = (rows[0], rows[0])
    for row in rows {
      for index in 0..<width { (low[index], high[index]) = (min(low[index], row[index]), max(high[index], row[index])) }
    }
    let (lowest, highest) = (low.min() ?? 0, high.max() ?? 0)
    let shuffled = rows.map { shuffle($0, shape: shape, &random) }
    let noise = rows.map { _ in
      (0..<width).map { _ in
        (highest - lowest).isFinite
          ? Float.random(in: lowest...max(lowest, highest), using: &random)
          : Float(Double.random(in: Double(lowest)...Double(highest), using: &random))
      }
    }
    let negative = rows.map { row in
      (0..<width).map { index in
        shape.count > 1
          ? mirrored(row[index], lowest, highest) : mirrored(row[index], low[index], high[index])
      }
    }
    let blended = rows.indices.map { index in
      // Of one class alone, any other row.
      var other = rows[Int.random(in: 0..<rows.count, using: &random)]
      for _ in 0..<100 {
        let candidate = Int.random(in: 0..<rows.count, using: &random)
        if classes[candidate] != classes[index] {
          other = rows[candidate]
          break
        }
      }
      return (0..<width).map { rows[index][$0] / 2 + other[$0] / 2 }
    }
    return Array(zip(names, [shuffled, noise, negative, blended]))
  }

  /// The numbers of a row in another order; of an image, its tiles.
  private static func shuffle(_ row: [Float], shape: [Int], _ random: inout SplitMix64) -> [Float] {
    guard shape.count > 1, shape[0] > 1, shape[1] > 1 else { return row.shuffled(using: &random) }
    let (rows, columns) = (shape[0], shape[1])
    let channels = row.count / rows / columns
    // Four tiles along each side, or as many as there are cells.
    let (high, wide) = (max(1, rows / 4), max(1, columns / 4))
    let (down, across) = (rows / high, columns / wide)
    let order = (0..<down * across).shuffled(using: &random)
    var result = row
    for (target, source) in order.enumerated() {
      for i in 0..<high {
        let to = ((target / across * high + i) * columns + target % across * wide) * channels
        let from = ((source / across * high + i) * columns + source % across * wide) * channels
        for k in 0..<wide * channels { result[to + k] = row[from + k] }
      }
    }
    return result
  }
}

package import Models
import OfflineScoring
import RadialEngine

extension EvaluationScan {
  /// How many rows there were.
  package var rowCount: Int { scores.count }

  /// The mean of the inputs of the last RBF layer over the rows that were kept, [K].
  package func meanEmbedding(_ model: Model) -> [Float] {
    let network = model.network
    let width = network.embeddingWidth
    var sums = [Double](repeating: 0, count: width)
    let results = ResultRows(network, capacity: 1, keepsEmbeddings: true)
    let workspace = network.makeWorkspace()
    for entry in sample {
      network.forward(entry.row, rows: 1, into: results.lent, workspace: workspace)
      guard let embedding = results.lent.embeddings else { continue }
      for k in 0..<width { sums[k] += Double(embedding[k]) }
    }
    return sums.map { Float($0 / Double(max(sample.count, 1))) }
  }
}

extension Model {
  /// The names of classes within whose limit a place lies, [K], where the RBF layer measures; of a model without a calibration none.
  package func classes(within center: [Float]) -> [String] {
    guard let calibration else { return [] }
    return (0..<calibration.classCount).filter { index in
      let prototype = network.prototype(index)
      guard prototype.count == center.count else { return false }
      let distance = zip(prototype, center).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return calibration.limit(of: index, at: calibration.falseRejectRate).map { distance <= $0 } ?? false
    }.map { "'\(labels?[$0] ?? String($0))'" }
  }
}

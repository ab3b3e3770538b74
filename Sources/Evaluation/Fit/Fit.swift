import Bytes
import Glibc
package import Models
package import OfflineScoring
import RadialEngine

/// The work of `radial fit`: prototypes of the classes in an embedding of a classifier that has none, at the layer that measures best.
///
/// The embedding is whitened with the covariance within classes, so that distances are Mahalanobis'. Source: Lee, Lee, Lee and Shin, "A
/// Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks" (2018).
package struct Fit: Encodable, Sendable {
  /// One layer with one number of prototypes, or one number of the network's own outputs.
  package struct Candidate: Encodable, Sendable {
    /// `input`, a layer's name, or what the outputs say.
    package let name: String
    @Nullable var width: Int?
    /// Of a class.
    @Nullable package var prototypes: Int?
    /// AUROC on the rows and far rows that select; null: it is not one to select.
    @Nullable package var selected: Double?
    /// AUROC on the rows and far rows that selected nothing; the mean over far sets, of synthetic ones by their weights.
    package let measured: Double
    /// Of each far set by itself.
    let measuredSets: [Double]
    /// The share of those far rows that is accepted at 1 and 5 %, by the same mean.
    package let accepted: [Double]
  }

  package let rows: Int
  /// Of those that were read: some may have no usable label, and of very many not all are taken.
  let rowsRead: Int
  let isFarSynthetic: Bool
  let farRows: Int
  package let candidates: [Candidate]
  /// Among them.
  package let chosen: Int
  /// What whoever fits should hear, a sentence each.
  package let notes: [String]

  enum CodingKeys: CodingKey { case rows, rowsRead, isFarSynthetic, farRows, candidates, chosen, notes }

  /// The widest embedding: its covariance takes 128 MiB.
  package static let maximumWidth = 4096
  /// λ of the shrinking.
  private static let shrinking = 1e-3
  /// Numbers of all rows, or of all their embeddings: 1 GiB.
  package static let maximumFloats = 1 << 28
  static let rates = [0.01, 0.05]

  /// Chooses a head and sets it in the editor.
  /// - Parameters:
  ///   - scan: of rows with labels, all of them sampled.
  ///   - far: of rows that the model should not know, sampled; empty: some are made.
  ///   - layer: the one layer that is tried, or `input`; nil: all.
  ///   - prototypes: how many a class that are tried.
  ///   - progress: nil: nobody looks.
  package init(
    _ editor: ModelEditor, _ scan: EvaluationScan, far: [EvaluationScan], layer: String?, prototypes: [Int],
    seed: UInt64, progress: ProgressBar? = nil
  ) throws(OfflineFailure) {
    let model = editor.model
    let classCount = model.classCount
    var random = SplitMix64(state: seed)
    // By hash, and so in no order that the file had; each class is dealt to the three parts.
    let entries = scan.sample.filter { $0.label != nil }.shuffled(using: &random)
    var counts = [Int](repeating: 0, count: classCount)
    for entry in entries { counts[Int(entry.label ?? 0)] += 1 }
    if let index = counts.firstIndex(where: { $0 < 3 }) {
      throw OfflineFailure(
        "of class \(model.labels?[index] ?? String(index)) there are \(counts[index]) different rows with its label, expected three at least; give rows of every class"
      )
    }
    rows = entries.count
    rowsRead = scan.scores.count
    var parts = [[RowSample.Entry]](repeating: [], count: 3)
    var dealt = [Int](repeating: 0, count: classCount)
    for entry in entries {
      let index = Int(entry.label ?? 0)
      parts[dealt[index] % 3].append(entry)
      dealt[index] += 1
    }
    let fitting = parts[0]
    let (selecting, measuring) = (Scored(model, parts[1].map(\.row)), Scored(model, parts[2].map(\.row)))
    // Half of the far rows selects, the other measures.
    var (farSelecting, farMeasuring): ([Scored], [Scored]) = ([], [])
    if far.isEmpty {
      farSelecting = SyntheticRows.make(
        for: model, of: Array(selecting.rows.prefix(Self.syntheticRows)), classes: selecting.classes, seed: seed
      ).map { Scored(model, $0.rows) }
      farMeasuring = SyntheticRows.make(
        for: model, of: Array(measuring.rows.prefix(Self.syntheticRows)), classes: measuring.classes, seed: seed &+ 1
      ).map { Scored(model, $0.rows) }
    } else {
      for set in far {
        let rows = set.sample.map(\.row).shuffled(using: &random)
        guard rows.count >= 2 else {
          throw OfflineFailure(
            "a far set has \(rows.count) different rows, expected two at least; give a file of more")
        }
        farSelecting.append(Scored(model, Array(rows[..<(rows.count / 2)])))
        farMeasuring.append(Scored(model, Array(rows[(rows.count / 2)...])))
      }
    }
    let weights = far.isEmpty ? SyntheticRows.weights : far.map { _ in 1 }
    isFarSynthetic = far.isEmpty
    farRows = (farSelecting + farMeasuring).reduce(0) { $0 + $1.rows.count }

    let embeddings: [ModelEditor.Embedding]
    do throws(ModelError) {
      embeddings = try editor.embeddings(upTo: Self.maximumWidth)
    } catch {
      throw OfflineFailure("\(error)")
    }
    let tried = embeddings.filter { layer == nil || ($0.layer ?? "input") == layer }
    guard !tried.isEmpty else {
      let names = embeddings.map { $0.layer ?? "input" }
      throw OfflineFailure(
        layer.map {
          "layer '\($0)' has no flat embedding of at most \(Self.maximumWidth) numbers; expected one of \(names.joined(separator: ", "))"
        }
          ?? "no layer has a flat embedding of at most \(Self.maximumWidth) numbers")
    }
    var candidates: [Candidate] = []
    var best: (selected: Double, place: Int, head: Head)?
    var progress = progress
    defer { progress?.clear() }
    for embedding in tried {
      let whitening = try Whitening(editor, embedding, fitting, classCount: classCount, shrinking: Self.shrinking)
      for count in prototypes {
        progress?.show(
          "\(embedding.layer ?? "input"), \(embedding.width) wide, \(count) prototypes a class", done: candidates.count,
          of: tried.count * prototypes.count)
        let head = whitening.head(prototypes: count, seed: seed)
        let network: Network
        do throws(ModelError) { network = try head.network(editor) } catch { throw OfflineFailure("\(error)") }
        func distances(_ scored: Scored) -> [Float] { head.distances(network, scored) }
        let selected = Self.area(distances(selecting), farSelecting.map(distances), weights)
        let own = distances(measuring)
        let outside = farMeasuring.map(distances)
        candidates.append(
          Candidate(
            name: embedding.layer ?? "input", width: embedding.width, prototypes: count, selected: selected,
            measured: Self.area(own, outside, weights), measuredSets: outside.map { Self.area(own, [$0], [1]) },
            accepted: Self.rates.map {
              Self.accepted(own, measuring, outside, farMeasuring, weights, classCount: classCount, rate: $0)
            }))
        if best.map({ selected > $0.selected }) ?? true { best = (selected, candidates.count - 1, head) }
      }
    }
    guard let best else { throw OfflineFailure("nothing could be fitted") }
    chosen = best.place
    // What the outputs alone would have said.
    for (name, values) in [
      ("max softmax", { (scored: Scored) in scored.softmax }), ("energy", { (scored: Scored) in scored.energy }),
    ] {
      let own = values(measuring)
      let outside = farMeasuring.map(values)
      guard own.count == measuring.rows.count else { continue }
      candidates.append(
        Candidate(
          name: name, width: nil, prototypes: nil, selected: nil, measured: Self.area(own, outside, weights),
          measuredSets: outside.map { Self.area(own, [$0], [1]) },
          accepted: Self.rates.map {
            Self.accepted(own, measuring, outside, farMeasuring, weights, classCount: classCount, rate: $0)
          }))
    }
    self.candidates = candidates
    notes = Self.notes(candidates, chosen: best.place, scan: scan, taken: entries.count, isSynthetic: far.isEmpty)
    do throws(ModelError) {
      try best.head.set(in: editor)
    } catch {
      throw OfflineFailure("\(error)")
    }
  }

  /// Of each kind, from as many rows at most.
  private static let syntheticRows = 1000

  private static func notes(
    _ candidates: [Candidate], chosen: Int, scan: EvaluationScan, taken: Int, isSynthetic: Bool
  ) -> [String] {
    var notes: [String] = []
    if let first = scan.unlabelled.first {
      notes.append("\(scan.unlabelled.count) rows have no usable label and were left out, the first at \(first)")
    }
    let usable = scan.scores.count - scan.unlabelled.count
    if taken < usable {
      notes.append("\(taken) of \(usable) rows were taken: a row is taken once, and no more than 1 GiB of them")
    }
    for candidate in candidates where candidate.prototypes == nil {
      if candidate.measured > candidates[chosen].measured {
        notes.append(
          "\(candidate.name) alone measures better here: AUROC \(Evaluation.rounded(candidate.measured)) against \(Evaluation.rounded(candidates[chosen].measured))"
        )
      }
    }
    if isSynthetic {
      notes.append("selected with synthetic far rows, made of the rows themselves; real strange rows may be harder")
    }
    return notes
  }

  /// The mean AUROC over far sets.
  private static func area(_ known: [Float], _ far: [[Float]], _ weights: [Double]) -> Double {
    mean(far.map { Separation(known: known, far: $0)?.auroc ?? 0.5 }, weights)
  }

  /// Of far sets' figures, by the sets' weights.
  private static func mean(_ values: [Double], _ weights: [Double]) -> Double {
    zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / max(weights.reduce(0, +), 1e-9)
  }

  /// The share of far rows that are accepted where known ones are rejected at a rate, ranked by answered class; of the same mean as the AUROC.
  private static func accepted(
    _ known: [Float], _ knownRows: Scored, _ far: [[Float]], _ farRows: [Scored], _ weights: [Double], classCount: Int,
    rate: Double
  ) -> Double {
    var byClass = [[Float]](repeating: [], count: classCount)
    for (value, index) in zip(known, knownRows.classes) { byClass[Int(index)].append(value) }
    // Classes with few rows are ranked together, as they will be calibrated: fewer rows reject nothing at such a rate.
    let pooled = byClass.filter { $0.count < Calibration.defaultMinimumRows }.flatMap(\.self).sorted()
    byClass = byClass.map { $0.count < Calibration.defaultMinimumRows ? pooled : $0.sorted() }
    let shares = zip(far, farRows).map { values, scored in
      let count = zip(values, scored.classes).count { value, index in
        let own = byClass[Int(index)]
        return Double(1 + own.count - own.lowerBound(of: value)) / Double(own.count + 1) >= rate
      }
      return values.isEmpty ? 0 : Double(count) / Double(values.count)
    }
    return mean(shares, weights)
  }

  /// The table of a terminal.
  package var table: String {
    var lines = [["", "layer", "width", "prototypes", "selected", "measured", "far known at 1 %", "at 5 %"]]
    for (index, candidate) in candidates.enumerated() {
      lines.append([
        index == chosen ? "*" : "", candidate.name, candidate.width.map(String.init) ?? "",
        candidate.prototypes.map(String.init) ?? "", candidate.selected.map(Evaluation.rounded) ?? "",
        Evaluation.rounded(candidate.measured), Evaluation.percent(candidate.accepted[0]),
        Evaluation.percent(candidate.accepted[1]),
      ])
    }
    return
      (["\(rows) rows: a third fits, one selects, one measures; \(farRows) far rows, half and half"]
      + [TextTable.aligned(lines)] + notes.map { "note: \($0)" }).joined(separator: "\n")
  }
}

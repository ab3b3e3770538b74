import Models
import OfflineScoring
import RadialEngine

/// An embedding whose covariance within classes is the unit matrix: (x − mean) L⁻ᵀ with Σ = L Lᵀ.
struct Whitening {
  let embedding: ModelEditor.Embedding
  /// [H, H], row-major.
  let kernel: [Float]
  /// [H]: −mean · kernel.
  let bias: [Float]
  /// [classes][H]: the whitened means.
  private let means: [[Float]]
  /// Of each class its whitened rows.
  private let rows: [[[Float]]]

  /// - Parameter entries: rows with labels, of every class one at least.
  init(
    _ editor: ModelEditor, _ embedding: ModelEditor.Embedding, _ entries: [RowSample.Entry], classCount: Int,
    shrinking: Double
  ) throws(OfflineFailure) {
    self.embedding = embedding
    let width = embedding.width
    // Of very wide embeddings, as many rows as fit.
    let taken = entries.prefix(max(1, Fit.maximumFloats / width))
    let body: Network
    do throws(ModelError) { body = try editor.network(to: embedding) } catch { throw OfflineFailure("\(error)") }
    let embedded = body.map(taken.map(\.row)) { results, row in
      Array(UnsafeBufferPointer(start: results.outputs + row * width, count: width))
    }
    let classes = taken.map { $0.label ?? 0 }
    let flat = embedded.flatMap { $0 }
    guard flat.allSatisfy(\.isFinite) else {
      throw OfflineFailure("the outputs of layer '\(embedding.layer ?? "input")' are beyond Float32 for some rows")
    }
    let covariance = flat.withUnsafeBufferPointer {
      Covariance($0, width: width, classes: classes, count: classCount)
    }
    guard let factor = Cholesky(covariance.shrunk(by: shrinking), width: width) else {
      throw OfflineFailure("the covariance of layer '\(embedding.layer ?? "input")' is not positive definite")
    }
    let inverse = factor.inverse
    var kernel = [Float](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0...i { kernel[j * width + i] = Float(inverse[i * width + j]) }
    }
    func whitened(_ values: [Double]) -> [Double] {
      (0..<width).map { i in
        var sum = 0.0
        for j in 0...i { sum += inverse[i * width + j] * values[j] }
        return sum
      }
    }
    self.kernel = kernel
    bias = whitened(covariance.mean).map { Float(-$0) }
    means = covariance.classMeans.map { mean in
      mean.isEmpty ? [] : whitened(zip(mean, covariance.mean).map { $0 - $1 }).map { Float($0) }
    }
    let projection: Network
    do throws(EngineError) {
      projection = try Network(
        inputWidth: width,
        layers: [
          .dense(
            Dense(name: "whitening", inputs: width, units: width, kernel: kernel, bias: bias, activation: .linear))
        ])
    } catch {
      throw OfflineFailure("\(error)")
    }
    let projected = projection.map(embedded) { results, row in
      Array(UnsafeBufferPointer(start: results.outputs + row * width, count: width))
    }
    var byClass = [[[Float]]](repeating: [], count: classCount)
    for (row, index) in zip(projected, classes) { byClass[Int(index)].append(row) }
    rows = byClass
  }

  /// The head with so many prototypes a class: the mean, or those of K-means; fewer where a class has fewer rows.
  func head(prototypes count: Int, seed: UInt64) -> Head {
    var (centers, classes): ([Float], [Int]) = ([], [])
    for index in rows.indices {
      let own =
        count == 1 || rows[index].isEmpty
        ? [means[index]]
        : KMeans(rows[index], count: count, seed: seed &+ UInt64(index)).centers.map { $0.map { Float($0) } }
      for center in own {
        centers += center
        classes.append(index)
      }
    }
    return Head(embedding: embedding, kernel: kernel, bias: bias, centers: centers, classes: classes)
  }
}

/// A distance head that was fitted.
struct Head {
  let embedding: ModelEditor.Embedding
  let kernel: [Float]
  let bias: [Float]
  /// [units, H]
  let centers: [Float]
  /// [units]
  let classes: [Int]

  /// Squared distances to all prototypes, [units], as outputs.
  func network(_ editor: ModelEditor) throws(ModelError) -> Network {
    let width = embedding.width
    return try editor.network(
      to: embedding,
      behind: [
        .dense(
          Dense(name: "whitening", inputs: width, units: width, kernel: kernel, bias: bias, activation: .linear)),
        .rbf(
          RBF(
            name: "prototypes", inputs: width, units: classes.count, centers: centers, centersLayout: .unitsFeatures,
            scale: .scalar(1), output: .distance)),
      ])
  }

  /// Of each row the squared distance to the nearest prototype of the class that is answered for it.
  func distances(_ network: Network, _ scored: Scored) -> [Float] {
    let all = network.map(scored.rows) { results, row in
      Array(UnsafeBufferPointer(start: results.outputs + row * classes.count, count: classes.count))
    }
    return zip(all, scored.classes).map { distances, index in
      zip(distances, classes).reduce(Float.infinity) { $1.1 == Int(index) ? min($0, $1.0) : $0 }
    }
  }

  func set(in editor: ModelEditor) throws(ModelError) {
    try editor.setDistanceHead(of: embedding.layer, kernel: kernel, bias: bias, centers: centers, classes: classes)
  }
}

extension Network {
  /// The nearest prototype of a row, and the second nearest where there is one: by the smallest γ·d², ties to the lowest index.
  ///
  /// Decided on the distances, since scores underflow. γ·d² is compared as a product in Double, which is exact for two floats.
  /// Always an index in 0..<C: a NaN is farther than everything.
  /// - Parameter distances: [C], squared and unscaled.
  public func nearest(_ distances: UnsafePointer<Float>) -> (first: Int, second: Int?) {
    var first = 0
    var second: Int?
    for index in 1..<max(1, distanceWidth) {
      if isNearer(index, than: first, distances) {
        (first, second) = (index, first)
      } else if second.map({ isNearer(index, than: $0, distances) }) ?? true {
        second = index
      }
    }
    return (first, second)
  }

  /// The `count` nearest prototypes (all, if there are fewer), nearest first.
  public func nearest(_ distances: UnsafePointer<Float>, count: Int) -> [Int] {
    let order = (0..<distanceWidth).sorted { a, b in
      isNearer(a, than: b, distances) || (!isNearer(b, than: a, distances) && a < b)
    }
    return Array(order.prefix(count))
  }

  private func isNearer(_ a: Int, than b: Int, _ distances: UnsafePointer<Float>) -> Bool {
    let (x, y) =
      decisionScale.map { (Double($0[a]) * Double(distances[a]), Double($0[b]) * Double(distances[b])) }
      ?? (Double(distances[a]), Double(distances[b]))
    return x < y || (y.isNaN && !x.isNaN)
  }

  /// How many prototypes there are: of a distance head more than classes, where classes have several.
  public var prototypeCount: Int { prototypeClasses?.count ?? distanceWidth }

  /// The prototype of a unit of the last RBF layer, [K]; of a DUQ head, [embedding] in the projections of its own class.
  public func prototype(_ unit: Int) -> [Float] {
    for step in steps {
      switch step {
      case .distances(let centers, _, isLast: true): return (0..<centers.inputs).map { centers.element($0, unit) }
      case .distanceHead(let head): return (0..<head.centers.inputs).map { head.centers.element($0, unit) }
      case .meanDistances(let centers, let embedding, let classes, isLast: true):
        return (0..<embedding).map { centers.pointer[$0 * classes + unit] }
      default: continue
      }
    }
    return []
  }

  /// What each input of the last RBF layer adds to each distance: (h_k − μ_kc)², [C, K].
  /// - Parameter embedding: [K], that layer's input.
  public func contributions(embedding: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    // Of a DUQ head K is [embedding, C], and a class's distance takes nothing from other classes' projections.
    for case .meanDistances(let centers, let embeddingCount, let classes, isLast: true) in steps {
      target.update(repeating: 0, count: classes * embeddingCount * classes)
      for k in 0..<embeddingCount * classes {
        let difference = embedding[k] - centers.pointer[k]
        target[(k % classes) * embeddingCount * classes + k] = difference * difference / Float(embeddingCount)
      }
    }
    for step in steps {
      switch step {
      case .distanceHead(let head):
        contribute(head.centers, of: head.classes, embedding, target)
      case .distances(let centers, let classes?, isLast: true):
        contribute(centers, of: classes, embedding, target)
      case .distances(let centers, nil, isLast: true):
        for c in 0..<centers.units { contribute(centers, unit: c, embedding, target + c * centers.inputs) }
      default: continue
      }
    }
  }

  /// Of each class its nearest prototype.
  private func contribute(
    _ centers: PackedMatrix, of classes: PrototypeClasses, _ embedding: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    for c in 0..<classes.count {
      var nearest: (unit: Int, distance: Float)?
      for unit in classes.ofUnit.indices where Int(classes.ofUnit[unit]) == c {
        var sum: Float = 0
        for k in 0..<centers.inputs {
          let difference = embedding[k] - centers.element(k, unit)
          sum += difference * difference
        }
        if nearest.map({ sum < $0.distance }) ?? true { nearest = (unit, sum) }
      }
      contribute(centers, unit: nearest?.unit ?? 0, embedding, target + c * centers.inputs)
    }
  }

  private func contribute(
    _ centers: PackedMatrix, unit: Int, _ embedding: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    for k in 0..<centers.inputs {
      let difference = embedding[k] - centers.element(k, unit)
      target[k] = difference * difference
    }
  }
}

extension Network {
  /// What a squared distance counts among those to other units: γ d², or d² itself where one γ serves all.
  public func scaled(_ distance: Float, of unit: Int) -> Float {
    decisionScale.map { Float(Double($0[unit]) * Double(distance)) } ?? distance
  }

  /// The logarithm of a prototype's output, where that is positive and falls with the distance, and else its negative: −γ d² of a Gaussian.
  public func logit(_ distance: Float, of unit: Int) -> Double { function.logit(Double(distance), of: unit) }
}

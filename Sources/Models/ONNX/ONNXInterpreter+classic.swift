import Glibc

// The operators of scikit-learn's domain.

extension ONNXInterpreter {
  /// Scaler, Normalizer or SVMRegressor of a matrix.
  func classic(_ node: ONNXNode, _ x: Constant) throws(Unknown) -> Constant {
    func floats(_ key: String) -> [Double] {
      if case .floats(let values)? = node.attributes[key] { values.map(Double.init) } else { [] }
    }
    guard x.rank == 2, x.shape[1] > 0 else { throw Unknown() }
    let (rows, width, values) = (x.shape[0], x.shape[1], x.real)
    switch node.operation {
    case "Scaler":
      let (offset, scale) = (floats("offset"), floats("scale"))
      guard [1, width].contains(offset.count), [1, width].contains(scale.count) else { throw Unknown() }
      return Constant(
        x.shape,
        values.indices.map { (values[$0] - offset[$0 % width % offset.count]) * scale[$0 % width % scale.count] })
    case "Normalizer":
      guard text(node, "norm") == "L2" else { throw Unknown() }
      let lengths = (0..<rows).map { row in
        (0..<width).reduce(0) { $0 + values[row * width + $1] * values[row * width + $1] }.squareRoot()
      }
      return Constant(x.shape, values.indices.map { lengths[$0 / width] > 0 ? values[$0] / lengths[$0 / width] : 0 })
    default:
      let (coefficients, vectors) = (floats("coefficients"), floats("support_vectors"))
      let (rho, count) = (floats("rho"), integer(node, "n_supports", 0))
      guard let rho = rho.first, vectors.isEmpty ? coefficients.count == width : coefficients.count == count,
        vectors.isEmpty || count > 0 && vectors.count % count == 0 && vectors.count / count == width
      else { throw Unknown() }
      let isRadial = text(node, "kernel_type") == "RBF"
      let gamma = floats("kernel_params").first ?? 0
      guard isRadial ? !vectors.isEmpty : text(node, "kernel_type") ?? "LINEAR" == "LINEAR" else { throw Unknown() }
      let scores = (0..<rows).map { row in
        guard !vectors.isEmpty else {
          return (0..<width).reduce(rho) { $0 + coefficients[$1] * values[row * width + $1] }
        }
        return coefficients.indices.reduce(rho) { sum, vector in
          let kernel = (0..<width).reduce(0.0) {
            let (a, b) = (values[row * width + $1], vectors[vector * width + $1])
            return $0 + (isRadial ? (a - b) * (a - b) : a * b)
          }
          return sum + coefficients[vector] * (isRadial ? Glibc.exp(-gamma * kernel) : kernel)
        }
      }
      let isOneClass = integer(node, "one_class", 0) != 0
      return Constant([rows, 1], isOneClass ? scores.map { $0 > 0 ? 1 : -1 } : scores)
    }
  }
}

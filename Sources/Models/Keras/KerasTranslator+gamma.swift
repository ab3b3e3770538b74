import FileFormats
import Glibc
import RadialEngine

/// The factor of the squared distance, from what a file keeps in its place.
extension KerasTranslator {
  /// γ of each number of a variable, finite and within Float32. Of one a unit, γ may be 0 or negative, as training may leave it: a
  /// golden network has such ones, and exp(−γ d²) is then what Keras says. A number for the whole layer must be positive.
  /// - Parameter name: of the variable; nil: the file does not say it.
  func gammas(
    _ tensor: Tensor, _ conversion: RBFReading.Conversion, called name: String?, _ layer: KerasLayer
  ) throws(ModelError) -> [Double] {
    var result: [Double] = []
    let values = tensor.doubles
    let subject = name.map { quoted($0) } ?? (values.count == 1 ? "number" : "vector")
    for (index, value) in values.enumerated() {
      if values.count > 1, conversion == .itself, value.isFinite, Float(value).isFinite, value <= 0 {
        result.append(value)
        continue
      }
      let place = values.count == 1 ? "" : "[\(index)]"
      result.append(try gamma(value, conversion, called: subject + place, layer))
    }
    return result
  }

  /// γ of one number, positive and within Float32; it is rounded where the layer is built, and nowhere else.
  /// - Parameter name: what the number is called, for the error.
  func gamma(
    _ value: Double, _ conversion: RBFReading.Conversion, called name: String, _ layer: KerasLayer
  ) throws(ModelError) -> Double {
    let gamma =
      switch conversion {
      case .itself: value
      case .exponential: exp(value)
      case .softplus: max(value, 0) + log1p(exp(-abs(value)))
      case .sigma: value > 0 ? 1 / (2 * value * value) : value
      case .logSigma: 1 / (2 * exp(value) * exp(value))
      case .square: value * value
      case .reciprocal: 1 / value
      case .inverseSquare: 1 / (value * value)
      }
    let isPositive =
      switch conversion {
      case .itself, .sigma, .square, .reciprocal, .inverseSquare: value > 0
      case .exponential, .softplus, .logSigma: value.isFinite
      }
    guard isPositive, value.isFinite else {
      let expected =
        [.exponential, .softplus, .logSigma].contains(conversion) ? "a finite number" : "a positive number"
      throw invalid(layer, "its \(name) is \(value), expected \(expected); train or save the model again")
    }
    guard Float(gamma) > 0, Float(gamma).isFinite else {
      let factor = conversion == .itself ? "" : ", which makes the factor of the squared distance \(gamma)"
      throw invalid(
        layer,
        "its \(name) is \(value)\(factor), expected a finite Float32 above 0; train or save the model again")
    }
    return gamma
  }
}

extension Tensor {
  /// The elements as Float64, all of whose digits those of F64 keep.
  var doubles: [Double] {
    guard type == .f64 else { return floats.map { Double($0) } }
    return bytes.withBytes { data in
      (0..<data.count / 8).map {
        Double(bitPattern: UInt64(littleEndian: data.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
      }
    }
  }
}

internal import RadialKernels

/// What a layer applies to each of its results; the names are Keras's.
public enum Activation: String, Sendable, CaseIterable {
  case linear
  case relu
  /// 1 / (1 + e^−x)
  case sigmoid
  /// ln(1 + e^x)
  case softplus
  /// x, or e^x − 1 where x is negative.
  case elu
  /// x (1 + erf(x / √2)) / 2, not the approximation by tanh.
  case gelu
  /// 1.0507… · (x, or 1.6733… (e^x − 1) where x is negative)
  case selu
  /// x · sigmoid(x)
  case swish
  /// e^x over the sum of e^x along the row; the only one that looks beyond its element.
  case softmax
  case tanh
  /// 1.7159 tanh(2x/3), LeNet-5's.
  case scaledTanh = "scaled_tanh"

  /// The kernel for it; nil for softmax, which has its own.
  var function: radial_function? {
    switch self {
    case .linear: RADIAL_LINEAR
    case .relu: RADIAL_RELU
    case .sigmoid: RADIAL_SIGMOID
    case .softplus: RADIAL_SOFTPLUS
    case .elu: RADIAL_ELU
    case .gelu: RADIAL_GELU
    case .selu: RADIAL_SELU
    case .swish: RADIAL_SWISH
    case .softmax: nil
    case .tanh: RADIAL_TANH
    case .scaledTanh: RADIAL_SCALED_TANH
    }
  }
}

internal import RadialKernels

/// An activation function, by Keras' name (gelu is the form with erf, scaled_tanh is 1.7159 tanh(2x/3)).
public enum Activation: String, Sendable, CaseIterable {
  case linear, relu, sigmoid, softplus, elu, gelu, selu, swish, softmax, tanh
  case scaledTanh = "scaled_tanh"
  case leakyRelu = "leaky_relu"
  /// relu6(x + 3) / 6, as in Keras 3.
  case hardSigmoid = "hard_sigmoid"
  /// 0.2 x + 0.5 cut to [0, 1], as in Keras 2.
  case hardSigmoid2 = "hard_sigmoid_2"
  case relu6, softsign, exponential

  /// Its number, where a layer gives none: the slope of leaky_relu for x < 0, the factor of elu.
  public var defaultAlpha: Float { self == .leakyRelu ? 0.2 : 1 }
}

extension Activation {
  var identifier: rk_activation {
    switch self {
    case .linear: RK_LINEAR
    case .relu: RK_RELU
    case .sigmoid: RK_SIGMOID
    case .softplus: RK_SOFTPLUS
    case .elu: RK_ELU
    case .gelu: RK_GELU
    case .selu: RK_SELU
    case .swish: RK_SWISH
    case .softmax: RK_SOFTMAX
    case .tanh: RK_TANH
    case .scaledTanh: RK_SCALED_TANH
    case .leakyRelu: RK_LEAKY_RELU
    case .hardSigmoid: RK_HARD_SIGMOID
    case .hardSigmoid2: RK_HARD_SIGMOID_2
    case .relu6: RK_RELU6
    case .softsign: RK_SOFTSIGN
    case .exponential: RK_EXP
    }
  }
}

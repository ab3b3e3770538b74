/// Why layers do not make a network, or an instruction set cannot be used.
public enum EngineError: Error, Equatable {
  case noLayers
  case invalidInputWidth(Int)
  case invalidPreprocessing(Preprocessing)
  case invalidWidth(layer: String, found: Int)
  /// The layer takes `found` inputs where what comes before gives `expected`.
  case widthMismatch(layer: String, expected: Int, found: Int)
  case countMismatch(layer: String, tensor: String, expected: Int, found: Int)
  case notFinite(layer: String, tensor: String, index: Int)
  /// Variance plus epsilon has no square root to divide by.
  case invalidVariance(layer: String, index: Int, found: Float)
  case unknownInstructionSet(String)
  case unavailableInstructionSet(InstructionSet)

  /// The widest layer there may be: a workspace of the fewest rows then takes 400 MB.
  public static let largestWidth = 1 << 22
}

extension EngineError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noLayers:
      "the network has no layers; expected at least one"
    case .invalidInputWidth(let found):
      "the network's input width: expected 1 to \(Self.largestWidth), found \(found)"
    case .invalidPreprocessing(let found):
      "preprocessing: expected finite numbers, found scale \(found.scale) and offset \(found.offset)"
    case .invalidWidth(let layer, let found):
      "layer '\(layer)', width: expected 1 to \(Self.largestWidth), found \(found)"
    case .widthMismatch(let layer, let expected, let found):
      "layer '\(layer)', inputs: expected \(expected), the width of what comes before it, found \(found)"
    case .countMismatch(let layer, let tensor, let expected, let found):
      "layer '\(layer)', \(tensor): expected \(expected) numbers, found \(found)"
    case .notFinite(let layer, let tensor, let index):
      "layer '\(layer)', \(tensor): expected finite float32 numbers, found another at index \(index)"
    case .invalidVariance(let layer, let index, let found):
      "layer '\(layer)', moving_variance: expected a sum with epsilon above 0, found \(found) at index \(index)"
    case .unknownInstructionSet(let name):
      "instruction set: expected \(names(InstructionSet.allCases)), found '\(name)'"
    case .unavailableInstructionSet(let set):
      "instruction set: expected what this processor has, \(names(InstructionSet.available)), found '\(set.rawValue)'"
    }
  }

  private func names(_ sets: [InstructionSet]) -> String {
    sets.map { "'\($0.rawValue)'" }.joined(separator: " or ")
  }
}

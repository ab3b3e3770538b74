/// Why a network cannot be built. `description` is the sentence: what, where, expected, found, what to do.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A part of a layer has the wrong number of values.
  case wrongCount(layer: String, part: String, expected: Int, found: Int)
  /// A layer's input width is not the output width of what comes before it.
  case wrongWidth(layer: String, expected: Int, found: Int)
  /// A width that is not positive or beyond `Network.maximumWidth`.
  case badSize(layer: String, found: Int)
  /// A weight that is NaN or infinite.
  case notFinite(layer: String, part: String, index: Int)
  /// A variance that, with epsilon, is not positive.
  case badVariance(layer: String, index: Int)
  /// A window that is larger than its image, or a size or stride that is not positive.
  case windowDoesNotFit(layer: String)
  /// An image, in or out, of more than `Network.maximumWidth` values, or with padding of more than four times that.
  case imageTooLarge(layer: String)
  /// A network that takes more than `Network.maximumOperations` for a row.
  case tooManyOperations(layer: String)
  /// A number of groups that does not divide the channels and the filters of a convolution.
  case badGroups(layer: String, groups: Int, channels: Int, filters: Int)
  /// Softmax over the channels of each cell.
  case softmaxOfImage(layer: String)
  /// A distance head that lies behind the last layer or nowhere.
  case badHead(depth: Int, layers: Int)
  case noLayers
  case unknownInstructionSet(String)
  case unavailableInstructionSet(String)

  /// The sentence: what, expected, found, what to do.
  public var description: String {
    switch self {
    case .wrongCount(let layer, let part, let expected, let found):
      "layer '\(layer)': \(part) has \(found) values, expected \(expected); export the model again"
    case .wrongWidth(let layer, let expected, let found):
      "layer '\(layer)' takes \(found) inputs, but what comes before it gives \(expected); export the model again"
    case .badSize(let layer, let found):
      "layer '\(layer)': expected a width from 1 to \(Network.maximumWidth), found \(found); export the model again"
    case .notFinite(let layer, let part, let index):
      "layer '\(layer)': \(part)[\(index)] is not a finite number; train or export the model again"
    case .badVariance(let layer, let index):
      "layer '\(layer)': moving_variance[\(index)] + epsilon is not positive; train or export the model again"
    case .windowDoesNotFit(let layer):
      "layer '\(layer)': its window does not fit on its image, expected positive sizes and strides, and a window no larger "
        + "than the image without padding; export the model again"
    case .imageTooLarge(let layer):
      "layer '\(layer)': its images are too large, expected at most \(Network.maximumWidth) values before and after it; "
        + "use smaller images"
    case .tooManyOperations(let layer):
      "layer '\(layer)': a row takes more than \(Network.maximumOperations) multiply-adds and pooled cells up to here; "
        + "use smaller images or windows"
    case .badGroups(let layer, let groups, let channels, let filters):
      "layer '\(layer)': \(groups) groups do not divide its \(channels) channels and \(filters) filters; export the model again"
    case .softmaxOfImage(let layer):
      "layer '\(layer)': softmax over the channels of an image is not served, expected another activation before flatten"
    case .badHead(let depth, let layers):
      "the distance head lies behind layer \(depth) of \(layers), expected one before the last; fit the model again"
    case .noLayers: "the network has no layers; export the model again"
    case .unknownInstructionSet(let name):
      "expected \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")), found '\(name)'"
    case .unavailableInstructionSet(let name):
      "this processor has no \(name); "
        + "it has \(InstructionSet.available.map(\.rawValue).joined(separator: ", "))"
    }
  }
}

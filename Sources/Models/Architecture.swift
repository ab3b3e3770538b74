import FoundationEssentials

/// JSON members are in snake case, as Python writes them.
func snakeCaseDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}

/// `radial.architecture`: the description of a network, as JSON.
struct Architecture: Decodable {
  struct LayerEntry: Decodable {
    let type: String
    let name: String
    let units: Int?
    let activation: String?
    let useBias: Bool?
    let output: String?
    let centersLayout: String?
    let epsilon: Double?
    let center: Bool?
    /// A number, "tensor" or, in a batch normalisation, a Boolean.
    let scale: Scale?
    let filters: Int?
    let kernelSize: Pair?
    let poolSize: Pair?
    let strides: Pair?
    let padding: String?
    let targetShape: [Int]?
    /// Of leaky_relu and of elu.
    let negativeSlope: Double?
    let alpha: Double?
    let embedding: Int?
    let sigma: Double?
    /// From what a reader inferred the formula of an RBF layer; nil: the file states it.
    let inferredFrom: String?
  }

  /// [rows, columns], or one number for both.
  struct Pair: Decodable {
    let rows: Int
    let columns: Int

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        (rows, columns) = (number, number)
        return
      }
      let numbers = try container.decode([Int].self)
      guard numbers.count == 2 else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "expected [rows, columns], found \(numbers)")
      }
      (rows, columns) = (numbers[0], numbers[1])
    }
  }

  enum Scale: Decodable {
    case number(Double)
    case tensor
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if try container.decode(String.self) == "tensor" {
        self = .tensor
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a number or \"tensor\"")
      }
    }
  }

  let version: Int
  let inputShape: [Int]
  /// Another name of the input, for the protocols that name it.
  let inputName: String?
  let layers: [LayerEntry]
}

/// One row of the layer table.
public struct LayerDescription: Sendable, Equatable {
  public let name: String
  public let type: String
  /// Without the batch dimension.
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let activation: String?
  public let parameters: Int
  /// In words that a reader can check, such as `exp(-gamma * sum((x - mu)^2)), gamma = 0.5`.
  public let formula: String
  /// From what the formula was inferred, such as "the class name 'RBFLayer' and the member 'gamma'"; nil: the file states it.
  public let inferredFrom: String?
}

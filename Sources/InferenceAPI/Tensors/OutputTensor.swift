import JSON
package import Models
import RadialEngine

/// The tensors that a model has, as the Open Inference Protocol and TensorFlow Serving name them.
enum OutputTensor: CaseIterable, Sendable, Equatable {
  /// [N, O], FP32: of a classifier its scores.
  case scores
  /// [N, O], FP32: of a regressor its outputs.
  case outputs
  /// [N, C], FP32, squared.
  case distances
  /// [N], BOOL: the calibrated verdict.
  case known
  /// [N], FP32
  case pValue

  var name: StaticString {
    switch self {
    case .scores: "scores"
    case .outputs: "outputs"
    case .distances: "distances"
    case .known: "known"
    case .pValue: "p_value"
    }
  }

  var datatype: StaticString { self == .known ? "BOOL" : "FP32" }

  /// The one input of every model, in metadata and answers; requests may also use the name that its Keras file has.
  static let input: StaticString = "x"
}

extension Model {
  /// What metadata lists and a request that names no outputs gets. Few: perf_analyzer asks for all that are listed.
  var listedTensors: [OutputTensor] {
    let first: OutputTensor = isClassifier ? .scores : .outputs
    return hasDistances ? [first, .distances] : [first]
  }

  /// Also what is given only when it is named.
  var tensors: [OutputTensor] {
    listedTensors + (calibration != nil ? [.known, .pValue] : [])
  }

  /// The other name of the input: that of its Keras file. One that is an output's here stays the output's, so that an answer that is sent
  /// back is not taken for rows.
  package var inputAlias: String? {
    inputName.flatMap { name in
      ([OutputTensor.input] + OutputTensor.allCases.map(\.name)).contains { "\($0)" == name } ? nil : name
    }
  }

  /// - Parameter maxRows: of one request.
  func signature(maxRows: Int) -> TensorSignature {
    TensorSignature(shape: RowShape(inputShape), maxRows: maxRows, inputAlias: inputAlias, outputs: tensors)
  }
}

/// What a model takes and gives, by the names of the protocols that name tensors.
struct TensorSignature: Sendable {
  /// Of a row.
  let shape: RowShape
  /// Of one request.
  let maxRows: Int
  /// The other name of the input; nil: it has none.
  let inputAlias: String?
  /// What may be asked for.
  let outputs: [OutputTensor]

  /// Whether the input may be sent under this name.
  func isInput(_ name: borrowing JSONText) -> Bool {
    if OutputTensor.input ~= name { return true }
    guard let inputAlias, !name.isEmpty else { return false }
    return name.equals(inputAlias)
  }

  /// The names of the input, as a sentence lists them: 'x', or 'x' or 'in'.
  var inputNames: String {
    guard let inputAlias, !inputAlias.isEmpty else { return "'\(OutputTensor.input)'" }
    let shown = String(decoding: inputAlias.utf8.prefix(32), as: UTF8.self)
    return "'\(OutputTensor.input)' or '\(shown)\(inputAlias.utf8.count > 32 ? "..." : "")'"
  }
}

extension ServedModel {
  /// The second dimension of a tensor; nil: it has none.
  func width(of tensor: OutputTensor) -> Int? {
    switch tensor {
    case .scores, .outputs: model.network.outputWidth
    case .distances: model.network.distanceWidth
    case .known, .pValue: nil
    }
  }

  /// The dimensions behind the batch's.
  func dimensions(of tensor: OutputTensor) -> [Int] { width(of: tensor).map { [$0] } ?? [] }
}

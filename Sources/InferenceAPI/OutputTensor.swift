import JSONCore
import Models
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
  var listedTensors: [OutputTensor] { [network.isClassifier ? .scores : .outputs, .distances] }

  /// Also what is given only when it is named.
  var tensors: [OutputTensor] {
    listedTensors + (network.isClassifier && calibration != nil ? [.known, .pValue] : [])
  }

  /// The other name of the input: that of its Keras file. One that is an output's here stays the output's, so that an answer that is sent
  /// back is not taken for rows.
  var inputAlias: String? {
    inputName.flatMap { name in
      ([OutputTensor.input] + OutputTensor.allCases.map(\.name)).contains { "\($0)" == name } ? nil : name
    }
  }

  /// What the decoders of named tensors must know.
  func signature(maxRows: Int) -> json_signature {
    // A StaticString's bytes end in NUL ("utf8Start: a pointer to a null-terminated sequence of UTF-8 code units").
    func cString(_ text: StaticString) -> UnsafePointer<CChar> {
      UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
    var signature = json_signature()
    signature.shape = json_shape_of(inputShape, inputShape.count)
    signature.max_rows = maxRows
    signature.input = cString(OutputTensor.input)
    let alias = Array((inputAlias ?? "").utf8.prefix(Int(JSON_MAX_NAME)))
    withUnsafeMutableBytes(of: &signature.input_alias) { $0.copyBytes(from: alias) }
    signature.input_alias_length = alias.count
    let tensors = tensors
    signature.output_count = tensors.count
    withUnsafeMutableBytes(of: &signature.outputs) { places in
      let names = places.bindMemory(to: UnsafePointer<CChar>?.self)
      for (place, tensor) in tensors.enumerated() { names[place] = cString(tensor.name) }
    }
    return signature
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

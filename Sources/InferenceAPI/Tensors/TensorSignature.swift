import JSON
package import Models

/// What a model takes and gives, by the names of the protocols that name tensors: Open Inference and TensorFlow Serving.
struct TensorSignature: Sendable {
  /// An output that may be asked for.
  struct Output: Sendable, Equatable {
    let tensor: OutputTensor
    /// Whether metadata lists it and a request that names no outputs gets it.
    let isListed: Bool
    /// In metadata, and in answers whatever the request's.
    let name: String
    /// Also accepted; nil: no other.
    let alias: String?
    /// The name as a JSON string, quotes included.
    let written: [UInt8]

    init(_ tensor: OutputTensor, name: String, alias: String? = nil, isListed: Bool = true) {
      (self.tensor, self.isListed) = (tensor, isListed)
      (self.name, self.alias, written) = (name, alias, JSONWriter.escaped(name))
    }

    /// Whether it may be asked for under this name.
    func isCalled(_ text: borrowing JSONText) -> Bool {
      if text.equals(name) { return true }
      guard let alias else { return false }
      return text.equals(alias)
    }
  }

  /// Of a row.
  let shape: RowShape
  /// Of one request.
  let maxRows: Int
  /// Under which the input may be sent; the first is that of metadata.
  let inputNames: [String]
  /// What may be asked for.
  let outputs: [Output]

  /// What metadata lists and a request that names no outputs gets. Few: perf_analyzer asks for all that are listed. Of a one-class model
  /// distances are those to its many support vectors, and are given when they are named.
  var listed: [Output] { outputs.filter(\.isListed) }

  /// Whether the input may be sent under this name.
  func isInput(_ name: borrowing JSONText) -> Bool {
    for own in inputNames where name.equals(own) { return true }
    return false
  }

  /// As a sentence lists them: 'x', or 'in' or 'x'.
  var inputList: String { inputNames.map { "'\(Self.shown($0))'" }.joined(separator: " or ") }
  /// As a sentence lists them: scores, distances.
  var outputList: String { outputs.map { Self.shown($0.name) }.joined(separator: ", ") }

  /// As much of a name as a sentence shows.
  static func shown(_ name: String) -> String {
    name.utf8.count > 32 ? String(decoding: name.utf8.prefix(32), as: UTF8.self) + "..." : name
  }
}

extension Model {
  /// What every input is called where the file has no name of its own for it, and beside that one.
  private static let usualInput = "x"

  /// - Parameter maxRows: of one request.
  ///
  /// A file of names goes by them, and the usual ones are aliases unless another of its tensors has them: one that is left without any name
  /// is left out. Of Keras files the input's name is an alias, and one that is an output's here stays the output's, so that an answer that
  /// is sent back is not taken for rows.
  func signature(maxRows: Int) -> TensorSignature {
    let taken: Set<String> = outputNames.map { Set($0.all + (inputName.map { [$0] } ?? [])) } ?? []
    var inputs = [Self.usualInput].filter { !taken.contains($0) }
    if let inputName {
      if outputNames != nil {
        inputs.insert(inputName, at: 0)
      } else if !([Self.usualInput] + OutputTensor.allCases.map(\.usualName)).contains(inputName) {
        inputs.append(inputName)
      }
    }
    let first: OutputTensor = isClassifier ? .scores : .outputs
    let tensors =
      [first] + (hasDistances ? [.distances] : []) + (verdictSource != nil ? [.known] : [])
      + (calibration != nil ? [.pValue] : [])
    let outputs = tensors.compactMap { tensor -> TensorSignature.Output? in
      let own: String? =
        switch tensor {
        case .scores, .outputs: outputNames?.outputs
        case .distances: outputNames?.distances
        case .known, .pValue: nil
        }
      let usual = taken.contains(tensor.usualName) ? nil : tensor.usualName
      let isListed = tensor == first || (tensor == .distances && !isOneClass)
      return (own ?? usual).map { .init(tensor, name: $0, alias: own == nil ? nil : usual, isListed: isListed) }
    }
    return TensorSignature(shape: RowShape(inputShape), maxRows: maxRows, inputNames: inputs, outputs: outputs)
  }

  /// The names beside the usual ones that `GET /model` tells.
  package var describedNames: ModelDescription.Names {
    let signature = signature(maxRows: 1)
    guard outputNames != nil else {
      return ModelDescription.Names(input: signature.inputNames.first { $0 != Self.usualInput })
    }
    return ModelDescription.Names(
      input: signature.inputNames.first, output: signature.outputs.first?.name,
      distances: signature.outputs.first { $0.tensor == .distances }?.name)
  }
}

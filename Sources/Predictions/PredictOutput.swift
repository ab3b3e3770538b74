/// What an answer of `/predict` may show of a row beside its class. Requests, errors and the command line name the cases as they are
/// called here, in this order.
package enum PredictOutput: UInt8, CaseIterable, Sendable {
  /// Of a classifier; a regressor's are its outputs, which are always there.
  case scores
  /// Squared, to every prototype.
  case distances
  /// What each input of the RBF layer adds to each distance.
  case contributions
  /// The inputs of the RBF layer.
  case embedding
  /// The squared distance beyond which a row of each class is unknown.
  case limits
  /// Probabilities of the classes, as a classifier that knows no distances would claim them.
  case softmax

  /// The names of all, in their order.
  package static let names = allCases.map { "\($0)" }

  /// The names as a sentence lists them: `a, b and c`.
  package static func list(_ conjunction: String) -> String {
    names.dropLast().joined(separator: ", ") + " \(conjunction) " + names[names.count - 1]
  }

  /// As requests, errors and the command line name it.
  package var name: String { Self.names[Int(rawValue)] }
}

/// Some of the outputs.
package struct PredictOutputs: Sendable, Equatable {
  /// One bit an output, by its raw value.
  @usableFromInline package var bits: UInt8 = 0

  /// The outputs of a sequence.
  package init(_ outputs: some Sequence<PredictOutput>) {
    for output in outputs { insert(output) }
  }

  /// Adds one.
  package mutating func insert(_ output: PredictOutput) { bits |= 1 << output.rawValue }

  /// Whether it is one of them.
  @inlinable package func contains(_ output: PredictOutput) -> Bool { bits & 1 << output.rawValue != 0 }

  /// Whether the inputs of the last RBF layer must be kept for one of them.
  var needEmbeddings: Bool { contains(.contributions) || contains(.embedding) }
}

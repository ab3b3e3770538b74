/// Why a model file cannot be served. `description` is the sentence: where, what, expected, found, what to do.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, roughly: what a caller may decide by.
  public enum Reason: String, Sendable {
    /// The file cannot be opened, or is damaged.
    case file
    /// The description of the network is wrong, or names what this version does not serve.
    case architecture
    /// A tensor is missing, or of another shape or type than the network needs.
    case tensor
    /// Labels, preprocessing, calibration or training do not fit the network.
    case metadata
    /// The self-test's rows do not give the answers that the file expects.
    case selfTest
    /// A name that cannot be a model's.
    case name
    /// A place that must not be written: an input, a file of another kind, no file at all.
    case output
    /// The system refused to write: permissions, a full disk.
    case system
  }

  /// What is wrong, roughly.
  public let reason: Reason
  /// The sentence. Options are named in backquotes, as `rbf_form`.
  public let description: String
  /// The same with the file's name instead of its path, for whoever need not know where files lie.
  public let descriptionWithoutFolder: String

  /// The same with another sentence, such as one that names options as a program's user knows them: errors of this module name them as
  /// `rbf_form`, in backquotes.
  package func rephrased(_ rephrase: (String) -> String) -> ModelError {
    ModelError(reason, rephrase(description), withoutFolder: rephrase(descriptionWithoutFolder))
  }

  private init(_ reason: Reason, _ description: String, withoutFolder descriptionWithoutFolder: String) {
    self.reason = reason
    self.description = description
    self.descriptionWithoutFolder = descriptionWithoutFolder
  }

  /// - Parameters:
  ///   - file: the path, with which the sentence begins.
  ///   - sentence: what, expected, found, what to do.
  init(_ reason: Reason, _ file: String, _ sentence: String) {
    self.reason = reason
    description = "\(file): \(sentence)".withoutControlCharacters
    let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
    // Advice may name the file once more.
    let shown = folder.count < 2 ? sentence : sentence.replacing(folder, with: "")
    descriptionWithoutFolder = "\(file.dropFirst(folder.count)): \(shown)".withoutControlCharacters
  }
}

extension String {
  /// For a terminal or a log: names of a file must neither steer the one nor begin a line in the other.
  package var withoutControlCharacters: String {
    guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
    return unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
  }
}

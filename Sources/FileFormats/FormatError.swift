/// Why a file cannot be read. `description` is the sentence, without the file's name: where, expected, found, what to do.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence, without the file's name.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Something that another part of the file names.
  public init(missing what: String) { self.init("\(what) is named, but missing; save the model again") }

  /// Bytes that no writer of the format produces.
  static func damaged(_ what: String) -> FormatError {
    FormatError("\(what); the file is damaged, copy or export it again")
  }

  /// A feature of the format that the files we read do not use.
  static func unsupported(_ what: String) -> FormatError {
    FormatError("\(what), which this reader does not read; save the model again with Keras' model.save")
  }
}

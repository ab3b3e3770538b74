import FoundationEssentials
import Glibc

/// A file that a command writes: beside its place first, and renamed into it when it is whole. Until then, and after any failure, what
/// was there stays as it was.
///
/// One user at a time. A file that is not committed leaves nothing behind.
public final class OutputFile {
  /// What is written, and so what it may replace without being forced: an empty file always, and
  public enum Kind: Sendable {
    /// a Radial file; the extension must be `.safetensors`;
    case model
    /// nothing else.
    case text
  }

  /// As the user wrote it.
  public let path: String
  private let inputs: [String]
  private let kind: Kind
  private let force: Bool
  /// Where the bytes go until the file is whole; nil: it has been renamed or removed.
  private var temporary: String?
  private var descriptor: Int32

  /// Checks that the place may be written, and creates a file beside it.
  /// - Parameters:
  ///   - inputs: files that are read, which nothing may replace, nor the weights that lie beside them; `-` is the standard input.
  ///   - force: whether what the kind does not allow may be replaced. An input never is.
  /// - Throws: `.output` when the place must not be written, `.system` when it cannot.
  public init(path: String, inputs: [String], kind: Kind, force: Bool) throws(ModelError) {
    let inputs = inputs + inputs.flatMap(ONNXExternalData.files)
    (self.path, self.inputs, self.kind, self.force) = (path, inputs, kind, force)
    let place = try Place(path: path, inputs: inputs, kind: kind, force: force)
    // A short name of its own: the file's own may leave no room for more. Directories of models pass over names with a dot in front.
    let name = "\(place.directory)/.radial-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Self.failure(path, "cannot be created beside its place, in '\(place.directory)'")
    }
    temporary = name
    InterruptedFile.begin(name)
    // A file that others may not read stays so.
    if let mode = place.mode { fchmod(descriptor, mode) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    guard let temporary else { return }
    unlink(temporary)
    InterruptedFile.end(temporary)
  }

  /// Appends bytes.
  /// - Throws: `.system`, such as for a full disk.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let count = Glibc.write(descriptor, start, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, "cannot be written") }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Appends bytes.
  public func write(_ bytes: [UInt8]) throws(ModelError) {
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(ModelError) in try write(bytes) }
  }

  /// Ends the writing.
  /// - Returns: where the bytes can be read until the file takes its place.
  /// - Throws: `.system`, such as for a full disk.
  @discardableResult
  func finish() throws(ModelError) -> String {
    guard let temporary else { preconditionFailure("an output file is committed once") }
    guard descriptor >= 0 else { return temporary }
    guard fsync(descriptor) == 0 else { throw Self.failure(path, "cannot be written to the disk") }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw Self.failure(path, "cannot be written to the disk") }
    return temporary
  }

  /// Puts the file into its place.
  /// - Throws: `.output` when something that must not be replaced has come to the place meanwhile.
  public func commit() throws(ModelError) {
    let temporary = try finish()
    let place = try Place(path: path, inputs: inputs, kind: kind, force: force)
    guard rename(temporary, place.file) == 0 else { throw Self.failure(path, "cannot be renamed into its place") }
    self.temporary = nil
    InterruptedFile.end(temporary)
  }

  /// Refuses a standard output that is a file which is read: what is written there would be read again, or replace what has not been.
  /// - Parameter inputs: as in `init`.
  public static func checkStandardOutput(inputs: [String]) throws(ModelError) {
    var information = stat()
    guard fstat(STDOUT_FILENO, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
      let input = inputs.first(where: { isFile($0, information) })
    else { return }
    throw ModelError(
      .output, "standard output",
      "is the same file as the \(inputName(input)), and nothing replaces an input; write to another file")
  }

  /// Whether a path is the very file that was looked at.
  fileprivate static func isFile(_ input: String, _ information: stat) -> Bool {
    var other = stat()
    return (input == "-" ? fstat(STDIN_FILENO, &other) : stat(input, &other)) == 0
      && other.st_dev == information.st_dev && other.st_ino == information.st_ino
  }

  /// What an input is called in a sentence.
  fileprivate static func inputName(_ input: String) -> String {
    input == "-" ? "standard input" : "input '\(input)'"
  }

  /// What the system said.
  fileprivate static func failure(_ path: String, _ what: String) -> ModelError {
    ModelError(
      .system, path, "\(what) (\(String(cString: strerror(errno)))); check the directory, its permissions and the disk")
  }
}

/// Where a file goes, links followed, after all that forbids it has been looked at.
private struct Place {
  let file: String
  let directory: String
  /// The permissions of the file that is replaced; nil: there is none.
  let mode: mode_t?

  init(path: String, inputs: [String], kind: OutputFile.Kind, force: Bool) throws(ModelError) {
    func invalid(_ sentence: String) -> ModelError { ModelError(.output, path, sentence) }
    if kind == .model {
      let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
      guard name.hasSuffix(".safetensors"), name != ".safetensors" else {
        throw invalid("Radial writes .safetensors files; name the output NAME.safetensors")
      }
    }
    var information = stat()
    guard stat(path, &information) == 0 else {
      guard errno == ENOENT else { throw OutputFile.failure(path, "cannot be written") }
      var link = stat()
      guard lstat(path, &link) != 0 else {
        throw invalid("is a link to a file that is not there; remove the link or name another output")
      }
      file = path
      directory = Self.directory(of: path)
      mode = nil
      return
    }
    switch information.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw invalid("is a directory; name a file in it")
    case S_IFIFO: throw invalid("is a pipe, and the output is renamed into its place when it is whole; name a file")
    default: throw invalid("is a device or socket, no file; name a file")
    }
    if let input = inputs.first(where: { OutputFile.isFile($0, information) }) {
      throw invalid(
        input == path
          ? "is an input, and nothing replaces an input; name another output"
          : "is the same file as the \(OutputFile.inputName(input)), and nothing replaces an input; name another output"
      )
    }
    if !force, information.st_size > 0 {
      switch kind {
      case .model:
        guard SafetensorsFile.isRadial(path) else {
          throw invalid("exists and is no Radial file; name another output, or say `force` to replace it")
        }
      case .text: throw invalid("exists; name another output, or say `force` to replace it")
      }
    }
    // A link stays a link: what it leads to is replaced.
    guard let resolved = realpath(path, nil) else { throw OutputFile.failure(path, "cannot be found") }
    defer { free(resolved) }
    file = String(cString: resolved)
    directory = Self.directory(of: file)
    mode = information.st_mode & 0o777
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension SafetensorsFile {
  /// Whether a file's header says that it is Radial's. Reads the header alone; a file that cannot be read is not.
  fileprivate static func isRadial(_ path: String) -> Bool {
    struct Header: Decodable {
      // The format's own name.
      // swift-format-ignore: AlwaysUseLowerCamelCase
      let __metadata__: [String: String]
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var length: UInt64 = 0
    guard pread(descriptor, &length, 8, 0) == 8 else { return false }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(maximumHeaderBytes) else { return false }
    var information = stat()
    guard fstat(descriptor, &information) == 0, length <= UInt64(max(0, information.st_size - 8)) else { return false }
    var header = [UInt8](repeating: 0, count: Int(length))
    guard pread(descriptor, &header, header.count, 8) == header.count,
      let metadata = try? JSONDecoder().decode(Header.self, from: Data(header)).__metadata__
    else { return false }
    return metadata["format"] == "radial"
  }
}

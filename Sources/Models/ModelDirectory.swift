import Glibc

/// One version of a model, as the files say: what would be loaded, and whether it has changed since.
public struct ModelSource: Sendable, Equatable {
  /// Names a version of a model.
  public struct Key: Hashable, Sendable, Comparable {
    /// Under which it is served.
    public let name: String
    /// From 1.
    public let version: Int

    /// A version of a model.
    public init(name: String, version: Int) {
      self.name = name
      self.version = version
    }

    /// By name, then by version.
    public static func < (one: Key, other: Key) -> Bool { (one.name, one.version) < (other.name, other.version) }
  }

  /// What changes when one of the version's files is replaced, renamed into place or written to, comes or goes.
  public struct Fingerprint: Sendable, Equatable {
    let model: FileStamp
    /// Of the files that hold the weights of an ONNX model, by their places.
    let data: [String: FileStamp?]
    /// Of the JSON files of the folder, by name, when `radial.json` is one of them: it, and the configuration that it may name.
    let settings: [String: FileStamp]
  }

  /// Which version of which model it is.
  public let key: Key
  /// Of the model's file.
  public let path: String
  /// nil: there is no such file, or it cannot be looked at.
  public let fingerprint: Fingerprint?
  /// Whether a `radial.json` beside the file belongs to it.
  private let mayHaveSettings: Bool
  /// `radial.json` beside the file; nil: there is none, or it does not belong to it.
  public let settingsPath: String?

  /// Looks at the files now.
  /// - Parameters:
  ///   - name: by default the file's name up to its first dot.
  ///   - mayHaveSettings: whether a `radial.json` beside the file belongs to it, as it does in a folder of one version.
  public init(path: String, name: String? = nil, version: Int = 1, mayHaveSettings: Bool = false) {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    key = Key(name: name ?? String(file.prefix { $0 != "." }), version: version)
    self.path = path
    self.mayHaveSettings = mayHaveSettings
    let folder = String(path.dropLast(file.count))
    var settings: [String: FileStamp] = [:]
    if mayHaveSettings, let stamp = FileStamp(folder + ModelSettings.fileName) {
      // A look comes every second: no more of them than a folder of one version has.
      let names = (ModelDirectory.entries(of: folder) ?? []).filter { $0.hasSuffix(".json") }.prefix(64)
      for name in names { settings[name] = FileStamp(folder + name) }
      settings[ModelSettings.fileName] = stamp
    }
    settingsPath = settings.isEmpty ? nil : folder + ModelSettings.fileName
    fingerprint = FileStamp(path).map { stamp in
      let places = path.hasSuffix(".onnx") ? ONNXExternalData.places(of: path, stamp) : []
      let data = places.map { ($0, FileStamp(folder + $0)) }
      return Fingerprint(model: stamp, data: Dictionary(data) { first, _ in first }, settings: settings)
    }
  }

  /// The same version, looked at again.
  public var lookedAtAgain: ModelSource {
    ModelSource(path: path, name: key.name, version: key.version, mayHaveSettings: mayHaveSettings)
  }
}

/// What changes when a file is replaced or written to; symbolic links are followed.
struct FileStamp: Sendable, Hashable {
  private let device, inode: UInt
  private let bytes, modifiedSeconds, modifiedNanoseconds: Int

  /// nil: there is no such file, or it cannot be looked at.
  init?(_ path: String) {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    (device, inode) = (UInt(information.st_dev), UInt(information.st_ino))
    bytes = Int(information.st_size)
    (modifiedSeconds, modifiedNanoseconds) = (information.st_mtim.tv_sec, information.st_mtim.tv_nsec)
  }
}

/// A directory of models: `NAME/VERSION/model.{safetensors,keras,h5,onnx}`, VERSION a positive integer, with `radial.json` beside it or
/// without; and `NAME.safetensors` (or .keras, .h5, .onnx), which is version 1.
///
/// Other entries are left alone, so that a new version may be written under any other name (`2.tmp`, `.2`) and then renamed.
public enum ModelDirectory {
  static let extensions = ["safetensors", "keras", "h5", "onnx"]

  /// Every version in the directory, by name and version.
  /// - Throws: when the directory itself cannot be read.
  public static func scan(_ path: String) throws(ModelError) -> [ModelSource] {
    guard let entries = entries(of: path) else {
      throw ModelError(
        .file, path,
        "the models directory cannot be read (\(String(cString: strerror(errno)))); check the path and its permissions")
    }
    var found: [ModelSource.Key: ModelSource] = [:]
    for name in entries {
      let child = path + "/" + name
      if isModelFile(name) {
        let source = ModelSource(path: child, name: String(name[..<name.lastIndex(of: ".")!]))
        if found[source.key] == nil { found[source.key] = source }
        continue
      }
      for source in versions(in: child, self.entries(of: child) ?? [], name: name) { found[source.key] = source }
    }
    return found.values.sorted { $0.key < $1.key }
  }

  /// A sentence for each folder in the directory that has model files where none is looked for, and no version.
  public static func overlooked(in path: String) -> [String] {
    (entries(of: path) ?? []).compactMap { name in
      let folder = path + "/" + name
      guard let entries = entries(of: folder), versions(in: folder, entries, name: name).isEmpty,
        let file = entries.first(where: isModelFile), let dot = file.lastIndex(of: ".")
      else { return nil }
      return "\(folder)/\(file) is not served: a version has a folder of its own, as \(folder)/1/model\(file[dot...])"
    }
  }

  /// The versions that a path of one model stands for: a file; or a directory with one model file of any name, or with
  /// `VERSION/model.{safetensors,keras,h5,onnx}`.
  /// - Parameter name: by default the file's, or of a directory of versions its own.
  /// - Throws: when a directory has no model file, or several.
  public static func sources(of path: String, name: String?) throws(ModelError) -> [ModelSource] {
    guard let entries = entries(of: path) else { return [ModelSource(path: path, name: name)] }
    let versions = versions(in: path, entries, name: name ?? ModelSource(path: path).key.name)
    if !versions.isEmpty { return versions }
    let files = entries.filter(isModelFile)
    guard let file = files.first, files.count == 1 else {
      throw ModelError(
        .file, path,
        "expected one model file (.safetensors, .keras, .h5 or .onnx) or folders VERSION/model.*, found "
          + (files.isEmpty ? "none" : files.joined(separator: ", ")) + "; name the file itself")
    }
    return [ModelSource(path: "\(path)/\(file)", name: name, mayHaveSettings: true)]
  }

  private static func versions(
    in path: String, _ entries: [String], name: String
  ) -> [ModelSource] {
    entries.compactMap { entry in
      guard let version = version(entry) else { return nil }
      let candidates = extensions.map { "\(path)/\(entry)/model.\($0)" }
      return candidates.first { access($0, F_OK) == 0 }.map {
        ModelSource(path: $0, name: name, version: version, mayHaveSettings: true)
      }
    }
  }

  private static func isModelFile(_ name: String) -> Bool {
    name.lastIndex(of: ".").map { extensions.contains(String(name[name.index(after: $0)...])) } ?? false
  }

  private static func version(_ text: String) -> Int? {
    guard let first = text.utf8.first, first != 0x30, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// The names in a directory that do not begin with a dot, sorted; nil: it cannot be read.
  static func entries(of path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

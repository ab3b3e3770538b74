import FileFormats

/// A file that is no model of ours, given in a model's place: what it is, and what to do about it. Known by its first bytes, of which
/// at most 64 KiB are looked at, or by the names in an archive; never by its own name.
struct ForeignFile {
  /// With its article, such as "a PyTorch file".
  let name: String
  /// What to do.
  let advice: String
  let isJSON: Bool

  private static let prefixBytes = 1 << 16

  /// - Parameter advice: what to do with such a file.
  init(_ name: String, _ advice: String, isJSON: Bool = false) {
    self.name = name
    self.advice = advice
    self.isJSON = isJSON
  }

  static let expectedModel = "a Keras model (.keras, .h5), an .onnx file or a .safetensors file"

  /// - Parameter expected: what the file was to be.
  func refusal(_ path: String, expected: String = expectedModel) -> ModelError {
    ModelError(.architecture, path, "it is \(name), expected \(expected); \(advice)")
  }

  private static let rebuild =
    "build the same network in Keras 3, set its weights and save it with model.save(\"model.keras\")"
  private static let fromKeras = "save the network from Keras itself, with model.save(\"model.keras\")"
  private static let rows = "name the model first and the rows behind it: radial predict MODEL ROWS"
  private static let otherKind = "Radial serves neural networks of Dense, convolution and RBF layers"

  /// First bytes that tell a kind, where they stand, and the kind.
  private static let signatures: [(offset: Int, bytes: [UInt8], kind: ForeignFile)] = [
    (0, [0x93] + Array("NUMPY".utf8), ForeignFile("a NumPy array (.npy)", rows)),
    (4, Array("TFL3".utf8), ForeignFile("a TensorFlow Lite model", fromKeras)),
    (0, Array("GGUF".utf8), ForeignFile("a GGUF language model", otherKind)),
    (0, Array("binf".utf8), ForeignFile("an XGBoost model", otherKind)),
    (0, Array("CBM1".utf8), ForeignFile("a CatBoost model", otherKind)),
    (0, [0x1f, 0x8b], ForeignFile("packed by gzip", "unpack it (gunzip) and name what is in it")),
    (0, Array("BZh".utf8), ForeignFile("packed by bzip2", "unpack it (bunzip2) and name what is in it")),
    (0, [0xfd] + Array("7zXZ".utf8), ForeignFile("packed by xz", "unpack it (unxz) and name what is in it")),
    (0, [0x28, 0xb5, 0x2f, 0xfd], ForeignFile("packed by Zstandard", "unpack it (unzstd) and name what is in it")),
    (0, [0x37, 0x7a, 0xbc, 0xaf], ForeignFile("a 7z archive", "unpack it and name what is in it")),
    (257, Array("ustar".utf8), ForeignFile("a tar archive", "unpack it (tar xf) and name what is in it")),
    (0, Array("MATLAB ".utf8), ForeignFile("a MATLAB file", rebuild)),
    (0, Array("PAR1".utf8), ForeignFile("a Parquet table", rows)),
    (0, Array("ARROW1".utf8), ForeignFile("an Arrow table", rows)),
    (0, Array("%PDF".utf8), ForeignFile("a PDF", "name a model file")),
    (0, [0x89] + Array("PNG".utf8), ForeignFile("a PNG picture", "name a model file")),
    (0, [0xff, 0xd8, 0xff], ForeignFile("a JPEG picture", "name a model file")),
    (0, Array("SQLite format 3".utf8), ForeignFile("an SQLite database", "name a model file")),
    (0, [0x7f] + Array("ELF".utf8), ForeignFile("a program or library", "name a model file")),
  ]

  /// nil: the bytes tell nothing.
  init?(_ bytes: ByteSlice) {
    guard let part = try? bytes.part(0, min(bytes.count, Self.prefixBytes), "the first bytes") else { return nil }
    let first = part.array
    func begins(_ expected: [UInt8], at offset: Int = 0) -> Bool {
      first.count >= offset + expected.count && first[offset..<offset + expected.count].elementsEqual(expected)
    }
    if let found = Self.signatures.first(where: { begins($0.bytes, at: $0.offset) }) {
      self = found.kind
    } else if begins([0, 0]), first.count > 4, [8, 9, 11, 12, 13, 14].contains(first[2]), (1...4).contains(first[3]) {
      self.init("an IDX file, as MNIST comes in", Self.rows)
    } else if let kind = Self.pickle(first) ?? Self.zlib(first) ?? ForeignFile(protobuf: bytes) {
      self = kind
    } else if let text = Self.text(first) {
      self = text
    } else {
      return nil
    }
  }

  /// A pickle of protocol 2 to 5: the opcode PROTO, and one with which an object begins.
  private static func pickle(_ first: [UInt8]) -> ForeignFile? {
    guard first.count > 2, first[0] == 0x80, (2...5).contains(first[1]) else { return nil }
    // FRAME, LONG1, EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE, MARK, GLOBAL, BINUNICODE and its short form.
    guard [0x95, 0x8a, 0x7d, 0x5d, 0x29, 0x28, 0x63, 0x58, 0x8c].contains(first[2]) else { return nil }
    // What torch.save wrote before version 1.6 begins with a number of its own.
    let torch: [UInt8] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    if first.dropFirst(2).starts(with: torch) || contains(first, "torch") { return pyTorch }
    if contains(first, "sklearn") { return ForeignFile("a pickled scikit-learn object", scikit) }
    if contains(first, "joblib") { return ForeignFile("a joblib file", scikit) }
    if contains(first, "keras") {
      return ForeignFile("a pickled Keras object", "save the model itself, with model.save(\"model.keras\")")
    }
    return ForeignFile("a Python pickle", "a pickle runs code when it is read, so Radial reads none; \(rebuild)")
  }

  private static let pyTorch = ForeignFile("a PyTorch file", rebuild)
  private static let scikit =
    "a pickle runs code when it is read, so Radial reads none; write the model as ONNX, with skl2onnx.to_onnx(model, rows)"

  /// RFC 1950: the method deflate, a window of 32 KiB, and a checksum over both bytes. joblib's compressed files are such.
  private static func zlib(_ first: [UInt8]) -> ForeignFile? {
    guard first.count > 2, first[0] == 0x78, (Int(first[0]) << 8 + Int(first[1])) % 31 == 0,
      [0x01, 0x5e, 0x9c, 0xda].contains(first[1])
    else { return nil }
    return ForeignFile("packed by zlib, as joblib writes objects", scikit)
  }

  /// Whether a text is among the bytes.
  static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    let pattern = Array(text.utf8)
    guard bytes.count >= pattern.count else { return false }
    return (0...bytes.count - pattern.count).contains { at in
      bytes[at] == pattern[0] && bytes[at..<at + pattern.count].elementsEqual(pattern)
    }
  }

  /// What is text, as far as it was read; nil: it is none.
  private static func text(_ first: [UInt8]) -> ForeignFile? {
    guard first.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || [0x09, 0x0a, 0x0d].contains($0) }) else { return nil }
    let start = first.drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }
    func begins(_ text: String) -> Bool { start.starts(with: text.utf8) }
    if begins("version https://git-lfs") {
      return ForeignFile("a pointer of Git LFS, not the file itself", "fetch the file with git lfs pull")
    }
    if begins("<!") || begins("<html") || begins("<HTML") {
      return ForeignFile("a web page", "download the file itself, not the page about it")
    }
    if begins("<") { return ForeignFile("XML, such as PMML", rebuild) }
    if begins("tree\nversion") { return ForeignFile("a LightGBM model", otherKind) }
    if begins("{") || begins("[") { return json(first) }
    let line = start.prefix { $0 != 0x0a }
    let isTable = line.contains { [0x2c, 0x3b, 0x09].contains($0) } && start.contains { (0x30...0x39).contains($0) }
    return isTable ? ForeignFile("a table of rows (CSV)", rows) : ForeignFile("text", "name a model file")
  }

  private static func json(_ first: [UInt8]) -> ForeignFile {
    func says(_ name: String) -> Bool { contains(first, "\"\(name)\"") }
    if says("class_name") {
      return ForeignFile(
        "a network's configuration without its weights",
        "name the file of weights, and give this one by `config` FILE", isJSON: true)
    }
    if says("weight_map") {
      return ForeignFile(
        "the index of weights in several files", "save the model in one file, with model.save(\"model.keras\")",
        isJSON: true)
    }
    if says("learner") || says("tree_info") || says("oblivious_trees") {
      return ForeignFile("a model of decision trees as JSON", otherKind, isJSON: true)
    }
    if says("nbformat") { return ForeignFile("a notebook", fromKeras, isJSON: true) }
    return ForeignFile("JSON", "rows go behind the model: radial predict MODEL ROWS", isJSON: true)
  }
}

extension ForeignFile {
  /// - Returns: nil: it has the `config.json` of a Keras file.
  init?(_ archive: ZipArchive) {
    let names = archive.names
    guard !names.contains("config.json") else { return nil }
    if names.contains(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) {
      self = Self.pyTorch
    } else if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
      self.init("NumPy arrays (.npz)", Self.rows)
    } else if let folder = names.first(where: { $0.hasSuffix("/config.json") && $0.split(separator: "/").count == 2 }) {
      self.init(
        "a zip archive whose members lie in the folder '\(folder.prefix { $0 != "/" })'",
        "zip what is in the folder, not the folder, or name the file as Keras' model.save wrote it")
    } else if names.contains(where: { $0.hasSuffix("saved_model.pb") }) {
      self = Self.savedModel
    } else if names.contains("[Content_Types].xml") {
      self.init("a spreadsheet or document of an office program", "save the rows as CSV; \(Self.rows)")
    } else {
      let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      self.init(
        "a zip archive without the config.json of a Keras file\(names.isEmpty ? ", and empty" : " (it has \(shown))")",
        "name the file as Keras' model.save wrote it")
    }
  }

  static let savedModel = ForeignFile(
    "a TensorFlow SavedModel",
    "load it in the Keras that wrote it, with keras.models.load_model, and save it with model.save(\"model.keras\")")

  /// What a directory is, in a model file's place.
  static func directory(holding names: Set<String>) -> ForeignFile {
    if names.contains("saved_model.pb") { return savedModel }
    if names.contains("config.json"), names.contains("model.weights.h5") {
      return ForeignFile("a Keras file unpacked", "zip what is in it to a .keras file")
    }
    return ForeignFile("a directory", "name the file in it")
  }

  /// An HDF5 file with neither a configuration nor weights of Keras.
  static func refusal(of file: HDF5File, _ path: String) throws(ModelError) -> ModelError {
    let (attributes, names) = try reading(path) { () throws(FormatError) in
      (try file.attributes(of: "/") ?? [], try file.members(of: "/") ?? [])
    }
    let writers = [
      ("_NCProperties", "netCDF"), ("PYTABLES_FORMAT_VERSION", "PyTables, as pandas' to_hdf uses it"),
      ("encoding-type", "AnnData"),
    ]
    let writer = writers.first { attributes.contains($0.0) }.map { "written by \($0.1)" } ?? "of another program"
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return ModelError(
      .architecture, path,
      "it is an HDF5 file \(writer), expected the attribute 'model_config' or Keras' groups of weights, found \(shown.isEmpty ? "nothing" : shown); name a file as Keras' model.save or save_weights wrote it"
    )
  }
}

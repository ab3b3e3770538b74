import FileFormats
import FoundationEssentials
import RadialEngine

/// A safetensors file: an 8-byte little-endian header length, a JSON header, raw tensors. Nothing in it is trusted.
///
/// Source: the format description in the safetensors repository.
struct SafetensorsFile: TensorSource {
  /// No header is longer: beyond it the length is a damaged file's.
  static let maximumHeaderBytes = 64 << 20
  private static let maximumRank = 8

  let path: String
  let metadata: [String: String]
  let tensors: [String: Tensor]
  let file: FileContents
  let form = ModelForm.safetensors
  let notes: [String] = []

  /// Opens a file.
  init(path: String) throws(ModelError) { try self.init(FileContents(path: path), path: path) }

  /// Reads the header of a file that was opened; tensors are looked at when they are asked for.
  init(_ file: FileContents, path: String) throws(ModelError) {
    self.path = path
    self.file = file
    let count = file.count
    let length = file.withBytes { bytes in
      count >= 8 ? UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) : UInt64.max
    }
    guard count >= 8, length <= UInt64(count - 8), length <= UInt64(Self.maximumHeaderBytes) else {
      throw ModelError(
        .file, path,
        "its header length (\(length)) does not fit the file (\(count) bytes); it is no safetensors file or is cut short, copy it again"
      )
    }
    let dataStart = 8 + Int(length)
    let header = try Header(file.withBytes { Array($0[8..<dataStart]) }, path: path)
    let data = try reading(path) { () throws(FormatError) in
      try ByteSlice(file).part(dataStart, count - dataStart, "the data")
    }
    var ranges: [String: Range<Int>] = [:]
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.entries {
      let range = try Self.range(entry, name, path: path, data: data.count)
      ranges[name] = range
      let bytes = try reading(path) { () throws(FormatError) in try data.part(range.lowerBound, range.count, name) }
      tensors[name] = Tensor(type: entry.type, shape: entry.shape, bytes: bytes)
    }
    try Self.checkCoverage(ranges, path: path, data: data.count)
    var metadata = header.metadata
    if let text = metadata[Architecture.key], let own = try StateDict(text, tensors, path: path) {
      metadata[Architecture.key] = own.architecture
      tensors = own.tensors
    }
    (self.metadata, self.tensors) = (metadata, tensors)
  }

  /// As it stands under `radial.architecture`.
  func architecture() throws(ModelError) -> Architecture {
    guard let text = metadata[Architecture.key] else {
      throw ModelError(
        .architecture, path,
        "its metadata has no '\(Architecture.key)'; it was not exported for Radial, see the page 'The model file' of Radial's documentation"
      )
    }
    return try Architecture(text, path: path)
  }

  /// As it stands under `radial.preprocessing`.
  func preprocessing() throws(ModelError) -> Preprocessing? {
    guard let text = metadata[Preprocessing.key] else { return nil }
    let members = try Members(
      key: Preprocessing.key, text: text, known: ["scale", "offset"], path: path, .metadata)
    func number(_ name: String) throws(ModelError) -> Float {
      Float(try members.number(name, expected: "a number that is finite in Float32") { Float($0).isFinite })
    }
    return Preprocessing(scale: try number("scale"), offset: try number("offset"))
  }

  /// Where a tensor lies in the data.
  private static func range(
    _ entry: Entry, _ name: String, path: String, data: Int
  ) throws(ModelError) -> Range<Int> {
    func damaged(_ what: String) -> ModelError {
      ModelError(.file, path, "tensor '\(name)' \(what); the file is damaged, copy or export it again")
    }
    guard entry.shape.count <= maximumRank, let count = entry.shape.elementCount(atMost: .max / entry.type.bytes) else {
      throw damaged("has the impossible shape \(entry.shape)")
    }
    let bytes = count * entry.type.bytes
    guard entry.offsets.count == 2, entry.offsets[0] >= 0, entry.offsets[0] <= entry.offsets[1],
      entry.offsets[1] <= data
    else { throw damaged("lies at \(entry.offsets), outside the file's \(data) bytes of data") }
    guard entry.offsets[1] - entry.offsets[0] == bytes else {
      throw damaged(
        "takes \(entry.offsets[1] - entry.offsets[0]) bytes, expected \(bytes) for its shape \(entry.shape)")
    }
    return entry.offsets[0]..<entry.offsets[1]
  }

  /// Tensors must fill the data without holes or overlap, as the format demands.
  private static func checkCoverage(_ ranges: [String: Range<Int>], path: String, data: Int) throws(ModelError) {
    var end = 0
    for (name, range) in ranges.sorted(by: {
      ($0.value.lowerBound, $0.value.upperBound) < ($1.value.lowerBound, $1.value.upperBound)
    }) {
      guard range.lowerBound == end else {
        throw ModelError(
          .file, path,
          "tensor '\(name)' \(range.lowerBound < end ? "overlaps another" : "leaves a hole before it"); the file is damaged, copy or export it again"
        )
      }
      end = range.upperBound
    }
    guard end == data else {
      throw ModelError(
        .file, path,
        "\(data - end) bytes behind the last tensor belong to none; the file is damaged, copy or export it again"
      )
    }
  }

  /// What a decoder of Foundation's found wrong with JSON, without its words for it.
  static func explain(_ error: any Error) -> String {
    var path: [any CodingKey] = []
    switch error as? DecodingError {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      path = context.codingPath
    default: break
    }
    var place = ""
    for key in path {
      let name = JSONValue.shortened(key.stringValue)
      place += key.intValue.map { "[\($0)]" } ?? (place.isEmpty ? name : "." + name)
    }
    return place.isEmpty ? "it is no JSON" : "no value of JSON at \(place)"
  }
}

/// The header as it stands in the file.
private struct Header {
  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [String: Entry] = [:]

  init(_ bytes: [UInt8], path: String) throws(ModelError) {
    func invalid(_ what: String) -> ModelError {
      ModelError(
        .file, path, "its header is not the JSON of a safetensors file (\(what)); copy or export the model again")
    }
    let value: JSONValue
    do throws(JSONError) { value = try JSONReader.read(bytes) } catch { throw invalid(error.description) }
    guard let members = value.object else { throw invalid("it is \(value.shown), expected an object") }
    for (name, value) in members {
      if name == "__metadata__" {
        guard let texts = value.object else { throw invalid("__metadata__ is \(value.shown), expected an object") }
        for (key, value) in texts {
          guard let text = value.text else {
            throw invalid("__metadata__.\(JSONValue.shortened(key)) is \(value.shown), expected a text")
          }
          metadata[key] = text
        }
      } else {
        guard let entry = Entry(value) else {
          throw invalid(
            "tensor '\(JSONValue.shortened(name))' is not described by dtype (\(ElementType.list)), shape and data_offsets"
          )
        }
        entries[name] = entry
      }
    }
  }
}

private struct Entry {
  let type: ElementType
  let shape: [Int]
  /// First and one past the last byte, counted from the end of the header.
  let offsets: [Int]

  init?(_ value: JSONValue) {
    guard let type = value["dtype"]?.text.flatMap(ElementType.init), let shape = Self.integers(value["shape"]),
      let offsets = Self.integers(value["data_offsets"])
    else { return nil }
    (self.type, self.shape, self.offsets) = (type, shape, offsets)
  }

  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard let values = value?.array else { return nil }
    let numbers = values.compactMap(\.integer)
    return numbers.count == values.count ? numbers : nil
  }
}

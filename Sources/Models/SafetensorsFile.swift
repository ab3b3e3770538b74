import FileFormats
import FoundationEssentials

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
  let file: FileImage
  let form = ModelForm.safetensors

  init(path: String) throws(ModelError) { try self.init(FileImage(path: path), path: path) }

  init(_ file: FileImage, path: String) throws(ModelError) {
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
    let header: Header
    do {
      header = try file.withBytes { try JSONDecoder().decode(Header.self, from: Data($0[8..<dataStart])) }
    } catch {
      throw ModelError(
        .file, path, "its header is not the JSON of a safetensors file (\(Self.explain(error))); export the model again"
      )
    }
    metadata = header.metadata
    let data = try reading(path) { () throws(FormatError) in
      try Bytes(file).part(dataStart, count - dataStart, "the data")
    }
    var ranges: [String: Range<Int>] = [:]
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.entries {
      let range = try Self.range(entry, name, path: path, data: data.count)
      ranges[name] = range
      let bytes = try reading(path) { () throws(FormatError) in try data.part(range.lowerBound, range.count, name) }
      tensors[name] = Tensor(type: entry.dtype, shape: entry.shape, bytes: bytes)
    }
    self.tensors = tensors
    try Self.checkCoverage(ranges, path: path, data: data.count)
  }

  /// Where a tensor lies in the data.
  private static func range(
    _ entry: Entry, _ name: String, path: String, data: Int
  ) throws(ModelError) -> Range<Int> {
    func damaged(_ what: String) -> ModelError {
      ModelError(.file, path, "tensor '\(name)' \(what); the file is damaged, copy or export it again")
    }
    guard entry.shape.count <= maximumRank, entry.shape.allSatisfy({ $0 >= 0 }) else {
      throw damaged("has the impossible shape \(entry.shape)")
    }
    var bytes = entry.dtype.bytes
    for dimension in entry.shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw damaged("has the impossible shape \(entry.shape)") }
      bytes = product
    }
    guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0, entry.data_offsets[0] <= entry.data_offsets[1],
      entry.data_offsets[1] <= data
    else { throw damaged("lies at \(entry.data_offsets), outside the file's \(data) bytes of data") }
    guard entry.data_offsets[1] - entry.data_offsets[0] == bytes else {
      throw damaged(
        "takes \(entry.data_offsets[1] - entry.data_offsets[0]) bytes, expected \(bytes) for its shape \(entry.shape)")
    }
    return entry.data_offsets[0]..<entry.data_offsets[1]
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

  static func explain(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not JSON" }
    let context =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: DecodingError.Context(codingPath: [], debugDescription: "not JSON")
      }
    let place = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (place.isEmpty ? "" : "\(place): ") + context.debugDescription
  }
}

/// The header as it stands in the file.
private struct Header: Decodable {
  var metadata: [String: String] = [:]
  var entries: [String: Entry] = [:]

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }
}

private struct Entry: Decodable {
  let dtype: ElementType
  let shape: [Int]
  // The format's own name.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  let data_offsets: [Int]
}

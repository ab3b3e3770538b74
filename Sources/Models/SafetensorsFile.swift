import FoundationEssentials

/// A safetensors file: an 8-byte little-endian header length, a JSON header, raw tensors. Nothing in it is trusted.
///
/// Source: the format description in the safetensors repository.
struct SafetensorsFile {
  /// No header is longer: beyond it the length is a damaged file's.
  static let maximumHeaderBytes = 64 << 20
  private static let maximumRank = 8

  enum ElementType: String, Decodable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"

    var bytes: Int {
      switch self {
      case .f64, .i64: 8
      case .f32: 4
      case .f16, .bf16: 2
      }
    }
  }

  struct Tensor {
    let type: ElementType
    let shape: [Int]
    /// Bytes of the file.
    let range: Range<Int>
  }

  let path: String
  let metadata: [String: String]
  let tensors: [String: Tensor]
  let file: MappedFile

  init(path: String) throws(ModelError) {
    self.path = path
    file = try MappedFile(path: path)
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
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.entries {
      tensors[name] = try Self.tensor(entry, name, path: path, data: dataStart..<count)
    }
    self.tensors = tensors
    try Self.checkCoverage(tensors, path: path, data: dataStart..<count)
  }

  /// A tensor as floats; F16, BF16 and F64 are converted. Its shape must be `shape`, its values finite.
  /// - Parameter because: why that shape, for the error, such as "84 outputs of layer 'dense_1'".
  func floats(_ name: String, shape: [Int], because: String) throws(ModelError) -> [Float] {
    let tensor = try tensor(name, shape: shape, because: because)
    let count = tensor.range.count / tensor.type.bytes
    let values: [Float] = file.withBytes { bytes in
      let data = UnsafeRawBufferPointer(rebasing: bytes[tensor.range])
      return [Float](unsafeUninitializedCapacity: count) { target, initialized in
        for index in 0..<count { target.initializeElement(at: index, to: tensor.type.float(data, index)) }
        initialized = count
      }
    }
    guard tensor.type != .i64 else {
      throw ModelError(
        .tensor, path, "tensor '\(name)' is I64, expected floating-point numbers; export the model again")
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw ModelError(
        .tensor, path,
        "tensor '\(name)' holds \(values[index]) at element \(index), expected finite numbers; train or export the model again"
      )
    }
    return values
  }

  /// A tensor of I64.
  func integers(_ name: String, shape: [Int], because: String) throws(ModelError) -> [Int64] {
    let tensor = try tensor(name, shape: shape, because: because)
    guard tensor.type == .i64 else {
      throw ModelError(
        .tensor, path, "tensor '\(name)' is \(tensor.type.rawValue), expected I64; export the model again")
    }
    return file.withBytes { bytes in
      (0..<tensor.range.count / 8).map {
        Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: tensor.range.lowerBound + 8 * $0, as: Int64.self))
      }
    }
  }

  private func tensor(_ name: String, shape: [Int], because: String) throws(ModelError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw ModelError(
        .tensor, path, "tensor '\(name)' is missing, expected shape \(shape) (\(because)); export the model again")
    }
    guard tensor.shape == shape else {
      throw ModelError(
        .tensor, path,
        "tensor '\(name)' has shape \(tensor.shape), expected \(shape) (\(because)); export the model again")
    }
    return tensor
  }

  private static func tensor(
    _ entry: Entry, _ name: String, path: String, data: Range<Int>
  ) throws(ModelError) -> Tensor {
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
      entry.data_offsets[1] <= data.count
    else { throw damaged("lies at \(entry.data_offsets), outside the file's \(data.count) bytes of data") }
    guard entry.data_offsets[1] - entry.data_offsets[0] == bytes else {
      throw damaged(
        "takes \(entry.data_offsets[1] - entry.data_offsets[0]) bytes, expected \(bytes) for its shape \(entry.shape)")
    }
    let start = data.lowerBound + entry.data_offsets[0]
    return Tensor(type: entry.dtype, shape: entry.shape, range: start..<start + bytes)
  }

  /// Tensors must fill the data without holes or overlap, as the format demands.
  private static func checkCoverage(_ tensors: [String: Tensor], path: String, data: Range<Int>) throws(ModelError) {
    var end = data.lowerBound
    for (name, tensor) in tensors.sorted(by: {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }) {
      guard tensor.range.lowerBound == end else {
        throw ModelError(
          .file, path,
          "tensor '\(name)' \(tensor.range.lowerBound < end ? "overlaps another" : "leaves a hole before it"); the file is damaged, copy or export it again"
        )
      }
      end = tensor.range.upperBound
    }
    guard end == data.upperBound else {
      throw ModelError(
        .file, path,
        "\(data.upperBound - end) bytes behind the last tensor belong to none; the file is damaged, copy or export it again"
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
  let dtype: SafetensorsFile.ElementType
  let shape: [Int]
  // The format's own name.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  let data_offsets: [Int]
}

extension SafetensorsFile.ElementType {
  /// Element `index` of little-endian data, as Float32.
  fileprivate func float(_ data: UnsafeRawBufferPointer, _ index: Int) -> Float {
    switch self {
    case .f32: Float(bitPattern: UInt32(littleEndian: data.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    case .f64:
      Float(Double(bitPattern: UInt64(littleEndian: data.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))))
    case .bf16:
      Float(
        bitPattern: UInt32(UInt16(littleEndian: data.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))) << 16)
    case .f16: Self.half(UInt16(littleEndian: data.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
    case .i64: 0
    }
  }

  /// IEEE 754 binary16, by its bits: the Float16 type is not there on every platform.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10) & 31
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}

import FileFormats
import FoundationEssentials

/// Writes a safetensors file.
enum SafetensorsWriter {
  /// - Parameter tensors: F16, BF16 and F64 are written as F32, other types as they are.
  /// - Throws: when the file cannot be written.
  static func write(
    metadata: [String: String], tensors: [String: Tensor], to output: OutputFile
  ) throws(ModelError) {
    let ordered = tensors.sorted { $0.key < $1.key }
    try output.write(Array(header(metadata, ordered, output.path)))
    for (_, tensor) in ordered { try output.write(tensor.written.array) }
  }

  private struct Entry: Encodable {
    let dtype: String
    let shape: [Int]
    // The format's own name.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let data_offsets: [Int]
  }

  /// Tensor entries and metadata are different things under one roof.
  private enum Member: Encodable {
    case metadata([String: String])
    case tensor(Entry)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .metadata(let metadata): try metadata.encode(to: encoder)
      case .tensor(let entry): try entry.encode(to: encoder)
      }
    }
  }

  /// Length and JSON, padded with blanks so that the data begin at a multiple of 8.
  private static func header(
    _ metadata: [String: String], _ tensors: [(key: String, value: Tensor)], _ path: String
  ) throws(ModelError) -> Data {
    var members: [String: Member] = ["__metadata__": .metadata(metadata)]
    var offset = 0
    for (name, tensor) in tensors {
      let size = tensor.count * tensor.writtenType.bytes
      members[name] = .tensor(
        Entry(
          dtype: tensor.writtenType.rawValue, shape: tensor.shape,
          data_offsets: [offset, offset + size]))
      offset += size
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var text = try? encoder.encode(members) else {
      throw ModelError(.file, path, "its header cannot be written as JSON; give layers and labels plain names")
    }
    while text.count % 8 != 0 { text.append(0x20) }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
  }
}

extension Tensor {
  fileprivate var count: Int { bytes.count / type.bytes }

  fileprivate var writtenType: ElementType { type.weight == nil ? type : .f32 }

  /// The bytes of the tensor in its written type.
  fileprivate var written: ByteSlice {
    type == writtenType ? bytes : Tensor(floats, shape: shape).bytes
  }
}

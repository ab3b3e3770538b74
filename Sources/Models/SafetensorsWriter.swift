import FileFormats
import FoundationEssentials

/// Writes a safetensors file: whole, or not at all.
enum SafetensorsWriter {
  /// - Parameters:
  ///   - tensors: F16, BF16 and F64 are written as F32, I64 as it is.
  ///   - check: reads what was written, at the path given, before it takes its place.
  /// - Throws: when the file cannot be written; nothing is left behind.
  static func write(
    metadata: [String: String], tensors: [String: Tensor], to output: OutputFile,
    check: (String) throws(ModelError) -> Void
  ) throws(ModelError) {
    let ordered = tensors.sorted { $0.key < $1.key }
    try output.write(Array(header(metadata, ordered, output.path)))
    for (_, tensor) in ordered { try output.write(tensor.written.array) }
    try output.commit(check: check)
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
      let size = tensor.count * (tensor.type == .i64 ? 8 : 4)
      members[name] = .tensor(
        Entry(
          dtype: (tensor.type == .i64 ? ElementType.i64 : .f32).rawValue, shape: tensor.shape,
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

  /// The bytes of the tensor in its written type.
  fileprivate var written: Bytes {
    switch type {
    case .f32, .i64: bytes
    case .f16, .bf16, .f64: Tensor(floats, shape: shape).bytes
    }
  }
}

import FileFormats
import FoundationEssentials
import Glibc

/// Writes a safetensors file: whole, or not at all.
enum SafetensorsWriter {
  /// - Parameter tensors: F16, BF16 and F64 are written as F32, I64 as it is.
  /// - Throws: when the file cannot be written; nothing is left behind.
  static func write(
    metadata: [String: String], tensors: [String: Tensor], to path: String, check: (String) throws(ModelError) -> Void
  ) throws(ModelError) {
    let ordered = tensors.sorted { $0.key < $1.key }
    let header = try header(metadata, ordered, path)
    // Beside its destination, so that the rename stays within one file system; the process's number keeps two writers apart.
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(temporary, "cannot be created") }
    do throws(ModelError) {
      do throws(ModelError) {
        try append(Array(header), to: descriptor, temporary)
        for (_, tensor) in ordered { try append(tensor.written.array, to: descriptor, temporary) }
        guard fsync(descriptor) == 0 else { throw failure(temporary, "cannot be written to the disk") }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw failure(temporary, "cannot be closed") }
      try check(temporary)
      guard rename(temporary, path) == 0 else { throw failure(path, "cannot be renamed into place") }
    } catch {
      unlink(temporary)
      throw error
    }
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

  private static func append(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(ModelError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure(path, "cannot be written") }
      done += count
    }
  }

  private static func failure(_ path: String, _ what: String) -> ModelError {
    ModelError(
      .file, path, "\(what) (\(String(cString: strerror(errno)))); check the path, its permissions and the disk")
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

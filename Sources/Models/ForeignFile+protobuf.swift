import FileFormats

/// Messages of protocol buffers have no signature. A file is taken for one only if its fields, each by number and kind, are all known
/// to that message, and the last ends where the file does.
extension ForeignFile {
  private static let maximumFields = 1 << 16

  private enum Content: Equatable {
    case number(UInt64)
    /// The first byte of what has a length of its own.
    case bytes(first: UInt8?)
  }

  /// Whether a file is a model of onnx.proto: ir_version 1 and model_version 5 are numbers; the graph is 7.
  static func isONNX(_ bytes: ByteSlice) -> Bool {
    guard let fields = fields(bytes) else { return false }
    return Set(fields.map(\.number)).isSubset(of: [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26])
      && fields.contains { $0.number == 7 }
      && fields.allSatisfy { field in
        if case .number = field.content { [1, 5].contains(field.number) } else { ![1, 5].contains(field.number) }
      }
  }

  init?(protobuf bytes: ByteSlice) {
    guard let fields = Self.fields(bytes), let first = fields.first else { return nil }
    let numbers = Set(fields.map(\.number))
    func isNumber(_ number: Int) -> Bool {
      fields.contains { if case .number = $0.content { $0.number == number } else { false } }
    }
    func isText(_ number: Int) -> Bool {
      fields.contains { if case .bytes = $0.content { $0.number == number } else { false } }
    }
    if numbers == [1, 2], first == (1, .number(1)), isText(2), !isNumber(2) {
      self = Self.savedModel  // saved_model.proto: a schema version, then meta graphs.
    } else if numbers.isSubset(of: [1, 2, 3, 4]), first == (1, .bytes(first: 0x0a)), !isNumber(1) {
      // graph.proto: nodes, each of which begins with its name.
      self.init(
        "a TensorFlow graph (.pb)",
        "save the model from Keras itself, with model.save(\"model.keras\"); a frozen graph no longer has its layers")
    } else if isNumber(1), isText(2), numbers.subtracting([1, 2, 10]).count == 1, numbers.contains(where: { $0 >= 200 })
    {
      // Model.proto of Core ML: a version, a description, and one of many kinds of models.
      self.init(
        "a Core ML model", "save the network from the framework that it was trained in, as .keras or .safetensors")
    } else {
      return nil
    }
  }

  /// The fields of the outermost message; nil: the file is none.
  private static func fields(_ bytes: ByteSlice) -> [(number: Int, content: Content)]? {
    bytes.withBytes { bytes in
      var offset = 0
      /// Base 128, least significant group first, at most 10 bytes.
      func number() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
          guard offset < bytes.count else { return nil }
          let byte = bytes[offset]
          offset += 1
          value |= UInt64(byte & 0x7f) << shift
          if byte & 0x80 == 0 { return value }
        }
        return nil
      }
      var fields: [(number: Int, content: Content)] = []
      while offset < bytes.count {
        guard fields.count < maximumFields, let key = number(), key >> 3 > 0, key >> 3 < 1 << 29 else { return nil }
        switch key & 7 {
        case 0:
          guard let value = number() else { return nil }
          fields.append((Int(key >> 3), .number(value)))
        case 2:
          guard let length = number(), length <= UInt64(bytes.count - offset) else { return nil }
          fields.append((Int(key >> 3), .bytes(first: length == 0 ? nil : bytes[offset])))
          offset += Int(length)
        default: return nil
        }
      }
      return fields
    }
  }
}

import FileFormats

/// Reads the messages. Every wire type is looked at before it is used.
struct ONNXReader {
  let path: String
  let external: ONNXExternalData
  private let budget = ProtobufMessage.Budget(fields: 4_000_000)

  private static let maximumNodes = 10_000
  private static let maximumText = 1024
  private static let maximumRank = 8
  private static let maximumValues = 1 << 28
  private static let maximumParts = 1024
  private static let versions = 3...14
  private static let opsets = 7...27

  init(path: String) {
    self.path = path
    external = ONNXExternalData(model: path)
  }

  func invalid(_ sentence: String) -> ModelError { ModelError(.file, path, sentence) }

  private func each(
    _ message: ProtobufMessage, _ body: (Int, ProtobufMessage.Value) throws(ModelError) -> Void
  ) throws(ModelError) {
    try message.forEach(budget, body) { invalid($0.description) }
  }

  private func damaged(_ what: String) -> ModelError {
    invalid("the file is damaged: \(what); copy or export it again")
  }

  private func message(_ value: ProtobufMessage.Value, _ what: String) throws(ModelError) -> ProtobufMessage {
    guard case .bytes(let message) = value else { throw damaged("\(what) is no message") }
    return message
  }

  private func text(_ value: ProtobufMessage.Value, _ what: String) throws(ModelError) -> String {
    let message = try message(value, what)
    guard message.count <= Self.maximumText else {
      throw invalid("\(what) has \(message.count) bytes, expected at most \(Self.maximumText); use shorter names")
    }
    guard let text = message.text else { throw damaged("\(what) is not UTF-8") }
    return text
  }

  private func number(_ value: ProtobufMessage.Value, _ what: String) throws(ModelError) -> Int {
    guard case .varint(let bits) = value else { throw damaged("\(what) is no whole number") }
    return Int(truncatingIfNeeded: bits)
  }

  private func format<Result>(_ body: () throws(FormatError) -> Result) throws(ModelError) -> Result {
    do throws(FormatError) { return try body() } catch { throw invalid(error.description) }
  }

  /// The whole file.
  func model(_ file: ByteSlice) throws(ModelError) -> ONNXModel {
    guard file.count <= 1 << 31 else { throw invalid("the file is larger than 2 GiB; export with external data") }
    var model = ONNXModel()
    var (version, graphs) = (0, 0)
    try each(ProtobufMessage(file)) { (field, value) throws(ModelError) in
      switch field {
      case 1: version = try number(value, "ir_version")
      case 2: model.producer = try text(value, "producer_name")
      case 7:
        graphs += 1
        guard graphs == 1 else { throw damaged("it has two graphs") }
        model.graph = try graph(message(value, "graph"))
      case 8:
        var (domain, opset) = ("", 0)
        try each(message(value, "opset_import")) { (field, value) throws(ModelError) in
          if field == 1 { domain = try text(value, "a domain") }
          if field == 2 { opset = try number(value, "a version") }
        }
        if domain.isEmpty || domain == "ai.onnx" { model.opset = opset }
      case 14:
        var (key, entry) = ("", "")
        try each(message(value, "metadata_props")) { (field, value) throws(ModelError) in
          if field == 1 { key = try text(value, "a key") }
          // Texts of others may be long; ours are read below.
          if field == 2 { entry = try message(value, "a value").text ?? "" }
        }
        model.metadata[key] = entry
      case 20: throw invalid("the file holds a training graph; export the model for inference")
      default: break
      }
    }
    guard graphs == 1, model.opset > 0 else {
      throw invalid("it has no graph or no set of operators, which every ONNX model has; export it again")
    }
    guard Self.versions.contains(version) else {
      throw invalid(
        "its IR version is \(version), expected \(Self.versions.lowerBound) to \(Self.versions.upperBound); export it again"
      )
    }
    guard Self.opsets.contains(model.opset) else {
      throw invalid(
        "its opset is \(model.opset), expected \(Self.opsets.lowerBound) to \(Self.opsets.upperBound); export with opset_version=18"
      )
    }
    return model
  }

  /// The places of external data among the initializers.
  func forEachPlace(_ file: ByteSlice, _ body: (String) -> Void) throws(ModelError) {
    try each(ProtobufMessage(file)) { (field, value) throws(ModelError) in
      guard field == 7 else { return }
      try each(message(value, "graph")) { (field, value) throws(ModelError) in
        guard field == 5 else { return }
        try each(message(value, "an initializer")) { (field, value) throws(ModelError) in
          guard field == 13 else { return }
          var (key, entry) = ("", "")
          try each(message(value, "external_data")) { (field, value) throws(ModelError) in
            if field == 1 { key = try text(value, "a key of external_data") }
            if field == 2 { entry = try text(value, "a value of external_data") }
          }
          if key == "location", !entry.contains("..") { body(entry) }
        }
      }
    }
  }

  private func graph(_ part: ProtobufMessage) throws(ModelError) -> ONNXGraph {
    var graph = ONNXGraph()
    try each(part) { (field, value) throws(ModelError) in
      switch field {
      case 1:
        graph.nodes.append(try node(message(value, "a node")))
        guard graph.nodes.count <= Self.maximumNodes else {
          throw invalid("it has more than \(Self.maximumNodes) nodes")
        }
      case 5:
        let tensor = try tensor(message(value, "an initializer"))
        guard !tensor.name.isEmpty, graph.initializers.updateValue(tensor, forKey: tensor.name) == nil else {
          throw damaged("two initializers are called '\(JSONValue.shortened(tensor.name))', or one has no name")
        }
        guard graph.initializers.count <= Self.maximumNodes else {
          throw invalid("it has more than \(Self.maximumNodes) initializers")
        }
      case 11: graph.inputs.append(try valueInfo(message(value, "an input")))
      case 12: graph.outputs.append(try valueInfo(message(value, "an output")))
      case 15: throw invalid("its weights are sparse, which Radial does not serve; export them dense")
      default: break
      }
    }
    return graph
  }

  private func node(_ part: ProtobufMessage) throws(ModelError) -> ONNXNode {
    var node = ONNXNode()
    try each(part) { (field, value) throws(ModelError) in
      switch field {
      case 1: node.inputs.append(try text(value, "the name of an input"))
      case 2: node.outputs.append(try text(value, "the name of an output"))
      case 3: node.name = try text(value, "the name of a node")
      case 4: node.operation = try text(value, "an operator's name")
      case 5:
        let (name, attribute) = try attribute(message(value, "an attribute"))
        node.attributes[name] = attribute
      case 7: node.domain = try text(value, "a domain")
      default: break  // 9 holds stack traces of the machine that trained, longer than any name.
      }
      guard max(node.inputs.count, node.outputs.count, node.attributes.count) <= Self.maximumParts else {
        throw invalid("\(node.title) has more than \(Self.maximumParts) inputs, outputs or attributes")
      }
    }
    return node
  }

  private func attribute(_ part: ProtobufMessage) throws(ModelError) -> (String, ONNXAttribute) {
    var (name, type) = ("", Int?.none)
    var (float, integer, string, tensor) = (Float?.none, Int?.none, String?.none, ONNXTensor?.none)
    var (floats, integers, strings): ([Float], [Int], [String]) = ([], [], [])
    var (hasGraph, hasOther) = (false, false)
    try each(part) { (field, value) throws(ModelError) in
      switch field {
      case 1: name = try text(value, "an attribute's name")
      case 2:
        guard case .fixed32(let bits) = value else { throw damaged("an attribute's number is none") }
        float = Float(bitPattern: bits)
      case 3: integer = try number(value, "an attribute's number")
      case 4: string = try text(value, "an attribute's text")
      case 5: tensor = try self.tensor(message(value, "an attribute's tensor"))
      case 6, 11: hasGraph = true
      case 7: floats += try format { () throws(FormatError) in try ProtobufMessage.floats(value) }
      case 8:
        integers += try format { () throws(FormatError) in try ProtobufMessage.varints(value) }
          .map { Int(truncatingIfNeeded: $0) }
      case 9: strings.append(try text(value, "an attribute's text"))
      case 20: type = try number(value, "an attribute's type")
      case 21:
        throw invalid("attribute '\(JSONValue.shortened(name))' refers to a function's; inline functions before saving")
      case 10, 14, 15, 22, 23: hasOther = true
      default: break
      }
    }
    let attribute: ONNXAttribute
    switch type {
    case 1: attribute = .float(float ?? 0)
    case 2: attribute = .integer(integer ?? 0)
    case 3: attribute = .text(string ?? "")
    case 4: attribute = tensor.map { .tensor($0) } ?? .other
    case 5: attribute = .graph
    case 6: attribute = .floats(floats)
    case 7: attribute = .integers(integers)
    case 8: attribute = .texts(strings)
    case nil:
      // Writers of before type was required.
      attribute =
        hasGraph
        ? .graph
        : hasOther
          ? .other
          : float.map { .float($0) } ?? integer.map { .integer($0) } ?? string.map { .text($0) }
            ?? tensor.map { .tensor($0) } ?? (floats.isEmpty ? .integers(integers) : .floats(floats))
    default: attribute = hasGraph ? .graph : .other
    }
    return (name, attribute)
  }

  private func valueInfo(_ part: ProtobufMessage) throws(ModelError) -> ONNXValueInfo {
    var info = ONNXValueInfo()
    try each(part) { (field, value) throws(ModelError) in
      if field == 1 { info.name = try text(value, "the name of a value") }
      guard field == 2 else { return }
      try each(message(value, "a type")) { (field, value) throws(ModelError) in
        guard field == 1 else { return }
        try each(message(value, "a tensor's type")) { (field, value) throws(ModelError) in
          if field == 1 { info.type = try number(value, "a type") }
          if field == 2 { info.shape = try shape(message(value, "a shape")) }
        }
      }
    }
    return info
  }

  private func shape(_ part: ProtobufMessage) throws(ModelError) -> [ONNXValueInfo.Size] {
    var shape: [ONNXValueInfo.Size] = []
    try each(part) { (field, value) throws(ModelError) in
      guard field == 1 else { return }
      var size = ONNXValueInfo.Size.open("")
      try each(message(value, "a size")) { (field, value) throws(ModelError) in
        if field == 1 { size = .fixed(try number(value, "a size")) }
        if field == 2 { size = .open(try text(value, "the name of a size")) }
      }
      shape.append(size)
      guard shape.count <= Self.maximumParts else { throw damaged("a shape has more than \(Self.maximumParts) sizes") }
    }
    return shape
  }

  // MARK: Tensors

  private func tensor(_ part: ProtobufMessage) throws(ModelError) -> ONNXTensor {
    var tensor = ONNXTensor()
    var (raw, places, isExternal) = (ProtobufMessage?.none, [String: String](), false)
    try each(part) { (field, value) throws(ModelError) in
      switch field {
      case 1:
        tensor.shape += try format { () throws(FormatError) in try ProtobufMessage.varints(value) }
          .map { Int(truncatingIfNeeded: $0) }
      case 2: tensor.type = try number(value, "data_type")
      case 3: throw invalid("a tensor comes in segments, which no exporter writes; export it again")
      case 4: tensor.floats += try format { () throws(FormatError) in try ProtobufMessage.floats(value) }
      case 5, 7, 11:
        tensor.integers += try format { () throws(FormatError) in try ProtobufMessage.varints(value) }
          .map { Int64(bitPattern: $0) }
      case 8: tensor.name = try text(value, "the name of a tensor")
      case 9: raw = try message(value, "raw_data")
      case 10: tensor.doubles += try format { () throws(FormatError) in try ProtobufMessage.doubles(value) }
      case 13:
        var (key, entry) = ("", "")
        try each(message(value, "external_data")) { (field, value) throws(ModelError) in
          if field == 1 { key = try text(value, "a key of external_data") }
          if field == 2 { entry = try text(value, "a value of external_data") }
        }
        places[key] = entry
      case 14: isExternal = try number(value, "data_location") == 1
      default: break
      }
    }
    let title = "tensor '\(JSONValue.shortened(tensor.name))'"
    guard tensor.shape.count <= Self.maximumRank, tensor.shape.allSatisfy({ $0 >= 0 }) else {
      throw invalid("\(title) has the shape \(tensor.shape), expected at most \(Self.maximumRank) sizes, none negative")
    }
    guard let count = tensor.shape.elementCount(atMost: Self.maximumValues) else {
      throw invalid("\(title) has the shape \(tensor.shape), expected at most \(Self.maximumValues) values")
    }
    guard let type = ONNXType(rawValue: tensor.type), let size = type.bytes else {
      let name = ONNXType(rawValue: tensor.type).map { "\($0)".uppercased() } ?? "of type \(tensor.type)"
      throw invalid("\(title) is \(name), which Radial does not compute; export the model in float32, not quantised")
    }
    if isExternal {
      tensor.bytes = try external.bytes(of: tensor.name, places, expected: count * size)
    } else if let raw {
      guard raw.count == count * size else {
        throw invalid(
          "\(title) of shape \(tensor.shape) and type \("\(type)".uppercased()) has \(raw.count) bytes, expected \(count * size); the file is damaged, copy or export it again"
        )
      }
      tensor.bytes = try format { () throws(FormatError) in try raw.bytes }
    } else {
      let found =
        switch type {
        case .float: tensor.floats.count
        case .double: tensor.doubles.count
        default: tensor.integers.count
        }
      guard found == count else {
        throw invalid(
          "\(title) of shape \(tensor.shape) has \(found) values, expected \(count); the file is damaged, copy or export it again"
        )
      }
    }
    return tensor
  }
}

import FileFormats

/// Tensors under a framework's own names and layouts, as a state dict of PyTorch has them, brought to those of the format: the members
/// `tensors` and `kernel_layout` of layers say which is which.
struct StateDict {
  /// `radial.architecture` without these members.
  let architecture: String
  let tensors: [String: Tensor]

  /// In which order the axes of a kernel lie, by the layer's type: the format's own first.
  private static let layouts: [String: [(word: String, order: [Int])]] = [
    "dense": [("features_units", [0, 1]), ("units_features", [1, 0])],
    "conv2d": [("hwio", [0, 1, 2, 3]), ("oihw", [2, 3, 1, 0])],
  ]

  /// nil: no layer has such members, or the description cannot be read here.
  init?(_ text: String, _ tensors: [String: Tensor], path: String) throws(ModelError) {
    guard let value = try? JSONReader.read(text), var root = value.object, let layers = root["layers"]?.array,
      layers.contains(where: { $0["tensors"] != nil || $0["kernel_layout"] != nil })
    else { return nil }
    var (renamed, taken): ([String: Tensor], Set<String>) = ([:], [])
    var plain: [JSONValue] = []
    for layer in layers {
      guard var members = layer.object, let name = members["name"]?.text, let type = members["type"]?.text else {
        plain.append(layer)
        continue
      }
      func invalid(_ sentence: String) -> ModelError {
        ModelError(
          .architecture, path, "layer '\(JSONValue.shortened(name))' (\(JSONValue.shortened(type))): \(sentence)")
      }
      var parts: [String: String] = ["kernel": "\(name).kernel"]
      if let given = members.removeValue(forKey: "tensors") {
        guard let object = given.object else {
          throw invalid("'tensors' is \(given.shown), expected an object such as {\"kernel\": \"fc1.weight\"}")
        }
        for (part, value) in object {
          guard let source = value.text else {
            throw invalid(
              "'tensors' names \(value.shown) for '\(JSONValue.shortened(part))', expected the name of a tensor")
          }
          guard tensors[source] != nil else {
            throw invalid("'tensors' names '\(JSONValue.shortened(source))', which the file does not have")
          }
          guard tensors["\(name).\(part)"] == nil || "\(name).\(part)" == source else {
            throw invalid(
              "its '\(JSONValue.shortened(part))' is in the file under its own name, and 'tensors' names another")
          }
          parts[part] = source
          taken.insert(source)
        }
      }
      for (part, source) in parts { if let tensor = tensors[source] { renamed["\(name).\(part)"] = tensor } }
      if let layouts = Self.layouts[type], let given = members.removeValue(forKey: "kernel_layout") {
        guard let layout = layouts.first(where: { $0.word == given.text }) else {
          throw invalid(
            "'kernel_layout' is \(given.shown), expected one of \(layouts.map(\.word).joined(separator: ", "))")
        }
        if let kernel = renamed["\(name).kernel"], layout.word != layouts[0].word {
          guard kernel.shape.count == layout.order.count else {
            throw invalid(
              "its kernel has the shape \(kernel.shape), expected \(layout.order.count) sizes (\(layout.word))")
          }
          renamed["\(name).kernel"] = kernel.transposed(layout.order)
          taken.insert(parts["kernel"] ?? "")
        }
      }
      plain.append(.object(members))
    }
    root["layers"] = .array(plain)
    architecture = JSONValue.object(root).text(isPretty: false)
    self.tensors = tensors.filter { !taken.contains($0.key) }.merging(renamed) { $1 }
  }
}

extension Tensor {
  /// With its axes in another order.
  fileprivate func transposed(_ order: [Int]) -> Tensor {
    let (size, target) = (type.bytes, order.map { shape[$0] })
    let strides = Strides.spreading(shape, to: shape.count)
    let count = shape.reduce(1, *)
    let moved = bytes.withBytes { source in
      [UInt8](unsafeUninitializedCapacity: count * size) { memory, initialized in
        var place = 0
        Strides.walk(target, order.map { strides[$0] }, [Int](repeating: 0, count: shape.count)) { from, _ in
          for byte in 0..<size { memory[place * size + byte] = source[from * size + byte] }
          place += 1
        }
        initialized = count * size
      }
    }
    return Tensor(type: type, shape: target, bytes: ByteSlice(moved))
  }
}

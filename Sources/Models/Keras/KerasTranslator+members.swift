/// Members of a layer's configuration. One that is missing has Keras' default; one of another type is refused, since it would pass for one
/// that is missing.
extension KerasTranslator {
  /// A number of a layer, or of the activation that it holds; nil: there is none.
  func number(_ key: String, in config: JSONValue, of layer: KerasLayer) throws(ModelError) -> Double? {
    guard let value = config[key] else { return nil }
    guard let number = value.number else { throw wrong(key, value, expected: "a number", layer) }
    return number
  }

  /// A number that is finite in Float32.
  func float32(_ number: Double, _ key: String, _ layer: KerasLayer) throws(ModelError) -> Float {
    guard Float(number).isFinite else {
      throw wrong(key, .number(number), expected: "a finite Float32", layer)
    }
    return Float(number)
  }

  /// Python takes 0 and 1 for false and true.
  func flag(_ key: String, _ layer: KerasLayer, absent: Bool) throws(ModelError) -> Bool {
    switch layer.config[key] {
    case nil: return absent
    case .bool(let value): return value
    case .number(0): return false
    case .number(1): return true
    case let value?: throw wrong(key, value, expected: "true or false", layer)
    }
  }

  /// A text, such as `same`; nil: there is none.
  func text(_ key: String, _ layer: KerasLayer) throws(ModelError) -> String? {
    guard let value = layer.config[key] else { return nil }
    guard let text = value.text else { throw wrong(key, value, expected: "a text", layer) }
    return text
  }

  private func wrong(_ key: String, _ value: JSONValue, expected: String, _ layer: KerasLayer) -> ModelError {
    invalid(layer, "its \(quoted(key)) is \(value.shown), expected \(expected); save the model again")
  }
}

extension JSONValue {
  /// The same without the wrappings in which Keras keeps values that JSON has no type for: numbers and arrays of NumPy and of its own
  /// backends, tuples and shapes. `{"class_name": "__tensor__", "config": {"value": 0.5, "dtype": "float32"}}` is 0.5.
  ///
  /// Source: `serialize_keras_object` of Keras 2.13 to 3.15, and `json_utils` of Keras 2.
  var unwrapped: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.unwrapped))
    case .object(let members):
      switch self["class_name"]?.text {
      case "__tensor__", "__numpy__":
        if let value = self["config"]?["value"], value.numbers != nil || value.flag != nil { return value }
      case "__tuple__", "TensorShape":
        if let items = self["items"]?.array { return .array(items.map(\.unwrapped)) }
      default: break
      }
      return .object(members.mapValues(\.unwrapped))
    default: return self
    }
  }
}

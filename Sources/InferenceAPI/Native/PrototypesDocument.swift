import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// The answer to `GET /models/NAME/prototypes`.
enum PrototypesDocument {
  /// It is written on a reactor's thread, which has others to serve, once.
  private static let maxBytes = 8 << 20

  /// - Throws: for a model that has none, or too many.
  static func make(_ served: ServedModel, maxResponseBytes: Int) throws(APIError) -> Document {
    let network = served.model.network
    guard served.model.hasDistances else {
      throw APIError(
        404, "model '\(served.model.name)' has no prototypes: it has no RBF layer; give it some by `radial fit`")
    }
    let units = network.prototypeCount
    let width = network.prototype(0).count
    let bytes = (JSONOutput.maxFloats(width) + 1).saturatingMultiply(by: units)
      .saturatingAdd((JSONOutput.maxInteger + 1).saturatingMultiply(by: units))
      .saturatingAdd(served.predictions.labels.reduce(1024) { $0 + $1.count + 1 })
    return try served.prototypes.document(
      "\(units) prototypes of \(width) numbers", atMost: bytes, limit: min(maxBytes, maxResponseBytes)
    ) { text(served, units) }
  }

  private static func text(_ served: ServedModel, _ units: Int) -> String {
    let buffer = ByteBuffer(capacity: 1 << 16)
    let json = JSONWriter(buffer)
    json.write(raw: served.nativePrefix)
    json.write(",\"centers\":[")
    for unit in 0..<units {
      if unit > 0 { json.write(",") }
      served.model.network.prototype(unit).withUnsafeBufferPointer { json.write(floats: $0) }
    }
    json.write("]")
    if served.model.measuresClasses {
      json.write(",\"classes\":[")
      for unit in 0..<units {
        if unit > 0 { json.write(",") }
        json.write(integer: served.model.network.prototypeClasses?[unit] ?? unit)
      }
      json.write("]")
    }
    json.write(",\"labels\":")
    if served.predictions.labels.isEmpty {
      json.write("null")
    } else {
      for (index, label) in served.predictions.labels.enumerated() {
        json.write(index == 0 ? "[" : ",")
        json.write(raw: label)
      }
      json.write("]")
    }
    json.write("}")
    return String(decoding: UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count), as: UTF8.self)
  }
}

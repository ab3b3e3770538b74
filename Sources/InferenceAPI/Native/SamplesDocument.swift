import Bytes
import JSON
import Models
import Predictions

/// The answer to `GET /models/NAME/samples`: rows that the model's file publishes. It is a body of `/predict` as it is, which skips the
/// members beside `instances`.
enum SamplesDocument {
  /// - Throws: for a model that has none, or too many for the limit of answers.
  static func make(_ served: ServedModel, maxResponseBytes: Int) throws(APIError) -> Document {
    guard let samples = served.model.samples else {
      throw APIError(
        404, "model '\(served.model.name)' has no samples; put rows into its file by `radial convert`")
    }
    let labels = served.predictions.labels
    let width = samples.inputs.count / samples.rows
    let bytes = (JSONOutput.maxFloats(width) + JSONOutput.maxInteger + 2 + (labels.map(\.count).max() ?? 0) + 1)
      .saturatingMultiply(by: samples.rows).saturatingAdd(1024)
    return try served.samples.document(
      "\(samples.rows) samples of \(width) numbers", atMost: bytes, limit: maxResponseBytes
    ) { text(served, samples, width) }
  }

  private static func text(_ served: ServedModel, _ samples: Samples, _ width: Int) -> String {
    let buffer = ByteBuffer(capacity: 1 << 16)
    let json = JSONWriter(buffer)
    func list(_ name: StaticString, _ write: ((Int) -> Void)?) {
      json.write(name)
      guard let write else { return json.write("null") }
      for row in 0..<samples.rows {
        json.write(row == 0 ? "[" : ",")
        write(row)
      }
      json.write("]")
    }
    json.write(raw: served.nativePrefix)
    samples.inputs.withUnsafeBufferPointer { inputs in
      list(",\"instances\":") {
        json.write(floats: UnsafeBufferPointer(rebasing: inputs[$0 * width..<($0 + 1) * width]))
      }
    }
    let labels = served.predictions.labels
    list(",\"classes\":", samples.classes.map { classes in { json.write(integer: classes[$0]) } })
    list(
      ",\"labels\":",
      labels.isEmpty ? nil : samples.classes.map { classes in { json.write(raw: labels[classes[$0]]) } })
    json.write("}")
    return String(decoding: UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count), as: UTF8.self)
  }
}

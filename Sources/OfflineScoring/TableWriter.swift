import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// Predictions as lines of CSV (RFC 4180, with a bare line feed).
///
/// The columns depend on the model and the options alone; a member that `/predict` would leave out is an empty field.
struct TableWriter {
  let encoder: OfflineEncoder

  private var network: Network { encoder.model.network }

  var header: String {
    func numbered(_ name: String, _ count: Int) -> [String] { (0..<count).map { "\(name)_\($0)" } }
    var names = ["row"] + encoder.kept.map(Self.field)
    let outputs = encoder.options.outputs(of: encoder.model)
    if encoder.model.isClassifier {
      names += ["class", "label", "score", "distance", "margin", "known", "p_value"]
      if outputs.contains(.scores) { names += numbered("scores", network.outputWidth) }
    } else {
      names += numbered("outputs", network.outputWidth)
    }
    if outputs.contains(.distances) { names += numbered("distances", network.distanceWidth) }
    if outputs.contains(.softmax) { names += numbered("softmax", encoder.model.classCount) }
    return names.joined(separator: ",")
  }

  /// Writes the line of one row, without its end.
  func write(
    _ row: Int, number: Int, keeping values: [OfflineEncoder.Kept], _ rows: RowResults,
    _ classification: Classification?, into text: JSONWriter
  ) {
    let (outputs, shown) = (rows.outputs(row), encoder.options.outputs(of: encoder.model))
    text.write(integer: number)
    for value in values {
      text.write(",")
      // A JSON null is nothing.
      if !(value.isJSON && value.text == "null" && value.bytes.first == UInt8(ascii: "n")) {
        text.buffer.append(Self.field(value.text))
      }
    }
    if let classification {
      write(classification, text)
      if shown.contains(.scores) { write(outputs, text) }
    } else {
      write(outputs, text)
    }
    if shown.contains(.distances) { write(rows.distances(row), text) }
    if shown.contains(.softmax) { rows.withSoftmax(row) { write($0, text) } }
  }

  private func write(_ classification: Classification, _ text: JSONWriter) {
    text.write(",")
    text.write(integer: classification.predicted)
    text.write(",")
    if let labels = encoder.model.labels { text.buffer.append(Self.field(labels[classification.predicted])) }
    text.write(",")
    text.write(float: classification.score)
    text.write(",")
    if let distance = classification.distance { text.write(float: distance) }
    text.write(",")
    if let margin = classification.margin { text.write(float: margin) }
    guard let verdict = classification.verdict else { return text.write(",,") }
    text.write(verdict.isKnown ? ",true," : ",false,")
    if let pValue = verdict.pValue { text.write(float: Float(pValue)) }
  }

  private func write(_ values: UnsafeBufferPointer<Float>, _ text: JSONWriter) {
    for index in values.indices {
      text.write(",")
      text.write(float: values[index])
    }
  }

  /// Quoted only where it must be.
  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
    // By scalars: a quotation mark and the accent behind it are one Character.
    var quoted = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.append(scalar) }
      quoted.append(scalar)
    }
    quoted.append("\"")
    return String(quoted)
  }
}

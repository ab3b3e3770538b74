import Bytes
import Glibc
import Logging

/// Logs go to standard error, as text or as one JSON object a line.
/// - Parameter output: where the lines go.
func makeLogger(format: LogFormat, level: Logger.Level, output: LogOutput) -> Logger {
  var logger = Logger(label: "radial") { _ in LineLogHandler(format: format, output: output) }
  logger.logLevel = level
  return logger
}

/// One line an event: time, level, message, then the metadata, as text or as a JSON object.
///
/// Whatever callers send, a line is one line: control bytes are escaped in either form.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  let output: LogOutput
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(format: LogFormat, output: LogOutput) { (self.format, self.output) = (format, output) }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let line = LogLine(time: .now, level: "\(event.level)", message: "\(event.message)".withFlags, fields: all)
    output.write(format == .json ? line.json : line.text)
  }
}

/// One event, as a line.
struct LogLine {
  let time: UTCTime
  let level: String
  let message: String
  let fields: [(key: String, value: Logger.Metadata.Value)]

  /// `2026-11-26T18:22:40.123Z notice model loaded model=digits version=1`
  var text: String {
    var line = "\(time) \(level) \(Self.escaped(message))"
    for (key, value) in fields { line += " \(key)=" + Self.word("\(value)") }
    return line
  }

  /// `{"time":"2026-11-26T18:22:40.123Z","level":"notice","message":"model loaded","model":"digits","version":1}`
  var json: String {
    var line = "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":" + Self.quoted(message)
    for (key, value) in fields { line += "," + Self.quoted(key) + ":" + Self.jsonValue(value) }
    return line + "}"
  }

  /// A value in text: in quotes where it would not be told apart from what stands around it.
  private static func word(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" }
    return isPlain ? escaped(value) : quoted(value)
  }

  private static func jsonValue(_ value: Logger.Metadata.Value) -> String {
    guard case .stringConvertible(let number) = value else { return quoted("\(value)") }
    switch number {
    case let whole as any BinaryInteger: return "\(whole)"
    case let real as Double where real.isFinite: return "\(real)"
    case let flag as Bool: return "\(flag)"
    default: return quoted("\(value)")
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      default: append(scalar, to: &result)
      }
    }
    return result + "\""
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { append($1, to: &$0) }
  }

  /// Control characters of ASCII, of Latin 1, and the line and paragraph separators as `\u001b`; all others as they are.
  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    switch scalar.value {
    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
}

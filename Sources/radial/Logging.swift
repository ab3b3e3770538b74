import Glibc
import Logging

/// Logs go to standard error, as text or as one JSON object a line.
func makeLogger(format: LogFormat, level: Logger.Level) -> Logger {
  var logger = Logger(label: "radial") { label in
    switch format {
    case .text: StreamLogHandler.standardError(label: label)
    case .json: JSONLogHandler()
    }
  }
  logger.logLevel = level
  return logger
}

/// One JSON object a line: time, level, message, then the metadata.
struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let milliseconds = now.tv_nsec / 1_000_000
    let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    var line = "{\"time\":\(now.tv_sec).\(padding)\(milliseconds),\"level\":\"\(event.level)\",\"message\":"
    line += Self.quoted("\(event.message)")
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += "," + Self.quoted(key) + ":" + Self.quoted("\(value)")
    }
    writeError(line + "}")
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        result +=
          scalar.value < 0x10 ? "\\u000\(String(scalar.value, radix: 16))" : "\\u00\(String(scalar.value, radix: 16))"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

package import Logging
import Synchronization

/// The lines that were logged: level and message.
package final class RecordedLog: Sendable {
  private let recorded = Mutex<[(level: Logger.Level, message: String)]>([])

  package init() {}

  /// Messages of a level, in order.
  package func messages(_ level: Logger.Level) -> [String] {
    recorded.withLock { $0 }.filter { $0.level == level }.map(\.message)
  }

  /// A logger whose lines are kept here.
  package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.recorded.withLock { $0.append((event.level, "\(event.message)")) }
    }
  }
}

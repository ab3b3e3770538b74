import Dispatch
import Glibc
import HTTPServer
import Logging

/// What systemd, or another service manager, is told of the process (sd_notify(3)): a datagram to the socket that `NOTIFY_SOCKET` names.
///
/// It asks for it with variables; without them nothing is sent. A datagram that cannot be sent at once is logged and not sent again: the
/// service manager acts on its absence by itself.
final class ServiceManager: Sendable {
  /// What is told.
  enum State: String {
    case ready = "READY=1"
    case stopping = "STOPPING=1"
    case alive = "WATCHDOG=1"
  }

  private let address: SocketAddress
  // Kept open: a server that has no descriptor left is alive all the same, and must be able to say so.
  private let descriptor: Int32
  private let logger: Logger
  /// The time within which it wants to be told that the process is alive; nil: it does not ask.
  let watchdogMicroseconds: UInt64?
  /// From a tenth of a second, in which a busy machine may not come to it, to as long as a timer can wait.
  private static let watchdogTimes: ClosedRange<UInt64> = 100_000...UInt64(Int32.max) * 1_000_000

  /// - Parameter environment: of this process.
  /// - Returns: nil when there is nobody to tell.
  init?(environment: [String: String], logger: Logger) {
    guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
    guard let address = Self.address(name) else {
      logger.warning(
        "NOTIFY_SOCKET: expected /PATH or @NAME of at most 107 bytes; the service manager is told nothing",
        metadata: ["found": "\(name)"])
      return nil
    }
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      logger.warning(
        "NOTIFY_SOCKET: no socket could be made; the service manager is told nothing",
        metadata: ["reason": "\(String(cString: strerror(errno)))"])
      return nil
    }
    self.address = address
    self.logger = logger
    // sd_watchdog_enabled(3): a variable for another process is not meant for this one.
    let isOurs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    let time = isOurs ? environment["WATCHDOG_USEC"] : nil
    watchdogMicroseconds = time.flatMap(UInt64.init).flatMap { Self.watchdogTimes.contains($0) ? $0 : nil }
    if let time, time != "0", watchdogMicroseconds == nil {
      logger.warning(
        "WATCHDOG_USEC: expected microseconds from \(Self.watchdogTimes.lowerBound) on; the service manager is not told that the server is alive",
        metadata: ["found": "\(time)"])
    }
  }

  deinit { close(descriptor) }

  /// Of `/PATH` or `@NAME`.
  private static func address(_ name: String) -> SocketAddress? {
    if name.hasPrefix("@") { return SocketAddress(abstract: String(name.dropFirst())) }
    return name.hasPrefix("/") ? try? SocketAddress(.unix(path: name)) : nil
  }

  /// Tells it. Any thread; never waits.
  func tell(_ state: State) {
    let bytes = Array(state.rawValue.utf8)
    if address.send(bytes, from: descriptor) != bytes.count {
      logger.warning(
        "the service manager could not be told \(state.rawValue)",
        metadata: ["reason": "\(String(cString: strerror(errno)))"])
    }
  }

  /// Says from now on, twice in the time that it gives, that the process is alive, as long as it is.
  /// - Parameter isAlive: asked on a queue of its own.
  /// - Returns: what goes on as long as it is kept; nil: it does not ask.
  func watch(isAlive: @escaping @Sendable () -> Bool) -> (any DispatchSourceTimer)? {
    guard let watchdogMicroseconds else { return nil }
    let interval = DispatchTimeInterval.microseconds(Int(watchdogMicroseconds / 2))
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "radial.watchdog"))
    timer.setEventHandler { [self] in
      if isAlive() {
        tell(.alive)
      } else {
        logger.error("a reactor has made no turn since the last look; the service manager is not told that all is well")
      }
    }
    timer.schedule(deadline: .now() + interval, repeating: interval)
    timer.resume()
    return timer
  }
}

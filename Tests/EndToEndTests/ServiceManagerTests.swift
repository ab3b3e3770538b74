import Foundation
import Testing

/// What systemd is told, by a socket in its place.
@Suite struct ServiceManagerTests {
  /// A datagram socket; every wait is bounded.
  private final class Notifications {
    let path = "/tmp/radial-notify-\(UUID().uuidString.prefix(8)).sock"
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

    /// - Parameter isAbstract: a name in place of a file.
    init(isAbstract: Bool) throws {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      var bytes = Array(path.utf8)
      if isAbstract { bytes[0] = 0 }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let length = socklen_t(2 + bytes.count)
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      try #require(bound == 0)
      var timeout = timeval(tv_sec: 60, tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
      close(descriptor)
      unlink(path)
    }

    /// The next one; nil: none came.
    func next() -> String? {
      var bytes = [UInt8](repeating: 0, count: 256)
      let count = recv(descriptor, &bytes, bytes.count, 0)
      return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  @Test(arguments: [false, true])
  func `ready once it answers, alive as often as is asked, stopping at the end`(isAbstract: Bool) throws {
    let notifications = try Notifications(isAbstract: isAbstract)
    // The name of an abstract socket is written with @ in place of the zero byte.
    let name = isAbstract ? "@" + notifications.path.dropFirst() : notifications.path
    let server = try RunningServer(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"])
    #expect(notifications.next() == "READY=1")
    #expect(try Client(port: server.port).exchange("GET", "/readyz").status == 200)
    for _ in 0..<3 { #expect(notifications.next() == "WATCHDOG=1") }
    server.send(SIGTERM)
    var last = notifications.next()
    while last == "WATCHDOG=1" { last = notifications.next() }
    #expect(last == "STOPPING=1")
    #expect(server.exitStatus() == 0)
  }

  @Test func `another process' watchdog is not ours`() throws {
    let notifications = try Notifications(isAbstract: false)
    let server = try RunningServer(environment: [
      "NOTIFY_SOCKET": notifications.path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1",
    ])
    #expect(notifications.next() == "READY=1")
    server.send(SIGTERM)
    #expect(notifications.next() == "STOPPING=1")
  }

  @Test(arguments: [
    ("relative.sock", nil, "expected /PATH"), ("/nowhere/notify.sock", nil, "could not be told READY=1"),
    ("/nowhere/notify.sock", "abc", "WATCHDOG_USEC: expected"),
    ("/nowhere/notify.sock", "1", "WATCHDOG_USEC: expected"),
    ("/nowhere/notify.sock", "18446744073709551615", "WATCHDOG_USEC: expected"),
  ])
  func `what cannot be told is in the log, and the server serves`(path: String, time: String?, sentence: String) throws
  {
    let log = Pipe()
    var environment = ["NOTIFY_SOCKET": path]
    environment["WATCHDOG_USEC"] = time
    let server = try RunningServer(environment: environment, error: log)
    #expect(try Client(port: server.port).exchange("GET", "/readyz").status == 200)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let text = String(decoding: log.fileHandleForReading.availableData, as: UTF8.self)
    #expect(text.contains("warning") && text.contains(sentence), "\(text)")
  }
}

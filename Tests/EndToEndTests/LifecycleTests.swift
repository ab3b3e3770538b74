import Foundation
import Synchronization
import Testing

@Suite struct LifecycleTests {
  @Test(arguments: [["--inline-budget=1"], ["--inline-budget=0"]])
  func `SIGTERM under load: every accepted request is answered, and the exit is clean`(flags: [String]) throws {
    let server = try RunningServer(flags)
    let sample = try MNISTSample.load()
    let failures = Failures()
    let answered = Mutex(0)
    onThreads(17) { worker in
      if worker == 16 {
        // Ends, too, when the others have failed: then nobody would count to 500.
        while answered.withLock({ $0 }) < 500 && failures.all.isEmpty { sched_yield() }
        return server.send(SIGTERM)
      }
      do {
        let client = try Client(port: server.port)
        for step in 0..<100_000 {
          let row = (worker + step) % 100
          let answer = try client.exchange("POST", "/predict", sample.body(row..<row + 1))
          if answer.status != 200 { failures.add("status \(answer.status)") }
          answered.withLock { $0 += 1 }
          if answer.headers["connection"]?.lowercased() == "close" { return }
        }
        failures.add("never told to close")
      } catch { failures.add("lost: \(error)") }
    }
    #expect(failures.all.isEmpty)
    #expect(server.exitStatus() == 0)
  }

  @Test func `while draining the server is not ready but still serves; a second signal ends it at once`() throws {
    let log = Pipe()
    let server = try RunningServer(["--drain-delay", "60"], error: log)
    let client = try Client(port: server.port)
    #expect(try client.exchange("GET", "/readyz").status == 200)
    server.send(SIGTERM)
    var status = 200
    // Bounded: each round is a request.
    for _ in 0..<10_000 where status == 200 { status = try Client(port: server.port).exchange("GET", "/readyz").status }
    #expect(status == 503)
    let sample = try MNISTSample.load()
    let answer = try Client(port: server.port).exchange("POST", "/predict", sample.body(0..<1))
    #expect(answer.status == 200)
    #expect(answer.headers["connection"]?.lowercased() == "close")
    // Every door says so, and says why; a probe that hears it was not refused any work.
    for path in ["/readyz", "/healthz", "/v2/health/ready", "/v2/models/digits/ready", "/v1/models/digits"] {
      let probe = try Client(port: server.port).exchange("GET", path)
      #expect(probe.status == 503 && probe.body.contains("shutting down") && probe.headers["retry-after"] == "1")
    }
    let metrics = try Client(port: server.port).exchange("GET", "/metrics").body
    #expect(metrics.contains("radial_ready 0") && !metrics.contains("reason=\"draining\""))
    server.send(SIGTERM)
    #expect(server.exitStatus() == 128 + SIGTERM)
    let text = String(decoding: log.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.contains("a second signal to stop"), "\(text)")
  }

  @Test func `a signal to stop ends a server that still loads its models`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("models\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<2000 {
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/m\(number).safetensors",
        withDestinationPath: RunningServer.weights("digits.safetensors"))
    }
    let (process, log) = (Process(), Pipe())
    process.executableURL = RunningServer.binary
    process.arguments = ["serve", "--port", "0", "--models-dir", folder.path]
    (process.standardError, process.standardOutput) = (log, FileHandle.nullDevice)
    try process.run()
    // The first of its lines come while it loads, and once the signal is its own.
    var text = Data()
    while !text.contains(UInt8(ascii: "\n")) {
      let chunk = log.fileHandleForReading.availableData
      if chunk.isEmpty { break }
      text += chunk
    }
    kill(process.processIdentifier, SIGTERM)
    text += log.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 128 + SIGTERM)
    let lines = String(decoding: text, as: UTF8.self)
    #expect(lines.contains("ends before anything is served") && !lines.contains("listening"), "\(lines.suffix(500))")
  }

  @Test func `start-up mistakes exit with a sentence and the promised code`() throws {
    let server = try RunningServer()
    let inUse = try RunningServer.run([
      "serve", "--port", String(server.port), "--model", RunningServer.weights("digits.safetensors"),
    ])
    #expect(inUse.status == 1)
    #expect(inUse.error.contains("listens on"))
    let missing = try RunningServer.run(["serve", "--model", "no-such-file.safetensors"])
    #expect(missing.status == 2)
    #expect(missing.error.contains("no-such-file.safetensors"))
    let pipe = FileManager.default.temporaryDirectory.appendingPathComponent("fifo\(UUID().uuidString)").path
    #expect(mkfifo(pipe, 0o600) == 0)
    defer { unlink(pipe) }
    let fifo = try RunningServer.run(["serve", "--model", pipe])
    #expect(fifo.status == 2 && fifo.error.contains("regular file"))
    #expect(try RunningServer.run(["serve", "--port", "99999"]).status == 2)
    #expect(try RunningServer.run(["serve", "--threads", "0"]).status == 2)
    let variable = try RunningServer.run(["serve"], environment: ["RADIAL_THREADS": "zero"])
    #expect(variable.status == 2 && variable.error.contains("set in the environment: RADIAL_THREADS"))
    #expect(try RunningServer.run(["--help"]).status == 0)
    #expect(try RunningServer.run(["--version"]).output.hasPrefix("1."))
    let inspected = try RunningServer.run(["inspect", RunningServer.weights("digits.safetensors")])
    #expect(inspected.status == 0)
    #expect(inspected.output.contains("rbf") && inspected.output.contains("Self-test: passed"))
  }

  @Test func `a flag wins over its variable`() throws {
    let server = try RunningServer(
      ["--max-request-rows", "2"], environment: ["RADIAL_MAX_REQUEST_ROWS": "1", "RADIAL_THREADS": "1"])
    #expect(server.announcement.contains("1 threads"))
    let sample = try MNISTSample.load()
    #expect(try Client(port: server.port).exchange("POST", "/predict", sample.body(0..<2)).status == 200)
  }
}

import Foundation
import TestSupport
import Testing

/// More than the server can do, clients that leave, and its end: the rules, over each transport; one at a time, for what keeps one server busy is
/// to be done before it.
@Suite(.serialized) struct OverloadTests {
  private let runner: OfflineRunner
  private let model: String

  /// The model is a network of 784 inputs of which a row takes milliseconds where kernels are not optimised, as they are not in a
  /// build for tests: what waits for many of them waits longer than a busy machine takes to do what a test does meanwhile. All of its
  /// weights are zeros.
  init() throws {
    var (layers, tensors): ([[String: Any]], [OfflineRunner.Tensor]) = ([], [])
    for (index, channels) in [1, 16].enumerated() {
      let name = "conv\(index)"
      layers.append([
        "type": "conv2d", "name": name, "filters": 16, "kernel_size": [3, 3], "padding": "same", "use_bias": false,
      ])
      tensors.append(OfflineRunner.Tensor(name: "\(name).kernel", shape: [3, 3, channels, 16]))
    }
    layers.append(["type": "average_pooling2d", "name": "pool", "pool_size": [28, 28]])
    layers.append(["type": "flatten", "name": "flatten"])
    layers.append(["type": "rbf", "name": "rbf", "units": 10, "scale": 1])
    tensors.append(OfflineRunner.Tensor(name: "rbf.centers", shape: [16, 10]))
    runner = try OfflineRunner()
    model = try runner.model("slow", input: [28, 28, 1], layers, tensors)
  }

  /// One core, and every row through the compute queue by itself.
  private func start(_ transport: Transport, _ arguments: [String]) throws -> any StoppableServer {
    let slow = ["--inline-budget", "0", "--max-batch-rows", "1", "--threads", "1", "--max-queue-seconds", "3600"]
    return try transport.start(slow + ["--model", model] + arguments, model: nil)
  }

  /// A request of so many rows of zeros: a binary body, and scores as bytes, so that hardly more than computing them takes time.
  private static func request(rows: Int, headers: [String] = []) -> [UInt8] {
    let request = InferRequest(
      bytes: [UInt8](repeating: 0, count: 4 * 784 * rows), shape: "[\(rows),784]",
      #""outputs":[{"name":"scores","parameters":{"binary_data":true}}]"#)
    return Client.request(
      "POST", "/v2/models/slow/infer", bytes: request.body, headers: request.headers + headers)
  }

  /// Keeps the compute queue busy for a while.
  private static func occupy(_ server: any StoppableServer, rows: Int = 60) throws -> [any HTTPClient] {
    let request = request(rows: rows)
    return try (0..<3).map { _ in
      let client = try server.connect()
      client.send(request)
      return client
    }
  }

  /// Waits until rows wait.
  private static func expectQueue(_ server: any StoppableServer) throws {
    let name = #"radial_queue_seconds{model="slow",version="1"}"#
    #expect(try metric(name, of: server) { $0 > 0 } > 0)
  }

  /// Waits until so many requests are there and unanswered.
  private static func expectInFlight(_ count: Int, _ server: any StoppableServer) throws {
    let found = try metric("radial_requests_in_flight", of: server) { Int($0) >= count }
    try #require(Int(found) >= count, "only \(found) requests are in flight")
  }

  /// Asks for the metrics until one is as wanted; bounded, each round is a request.
  private static func metric(
    _ name: String, of server: any StoppableServer, until isAsWanted: (Double) -> Bool = { _ in true }
  ) throws -> Double {
    let client = try server.connect()
    var value = 0.0
    for _ in 0..<500 {
      let text = try client.exchange("GET", "/metrics").body
      // Little to do for it: it is not to keep the server from its work.
      value = text.range(of: "\n\(name) ").flatMap { Double(text[$0.upperBound...].prefix { $0 != "\n" }) } ?? 0
      if isAsWanted(value) { break }
    }
    return value
  }

  @Test(
    arguments: Transport.allCases,
    [(["--max-queue-rows", "2"], 503), (["--max-queue-seconds", "0.001"], 503), ([], 504)])
  func `a full queue answers 503 with Retry-After, a late request 504`(
    transport: Transport, queue: (arguments: [String], status: Int)
  ) throws {
    let server = try start(transport, ["--max-queue-rows", "100000"] + queue.arguments)
    var statuses: [Int] = []
    let clients = try (0..<40).map { _ in try server.connect() }
    // Those that are to fill the queue must not be late before they are in it. One that is larger than the queue is taken in when nothing waits.
    let timeout = queue.status == 504 ? 1 : 60_000
    let request = Self.request(rows: 20, headers: ["X-Request-Timeout-Ms: \(timeout)"])
    for client in clients { client.send(request) }
    for client in clients {
      let answer = try client.receive()
      statuses.append(answer.status)
      if answer.status == 503 { #expect(Int(answer.headers["retry-after"] ?? "") ?? 0 >= 1) }
    }
    #expect(Set(statuses).isSubset(of: [200, 503, 504]))
    #expect(statuses.contains(queue.status), "\(statuses)")
  }

  @Test(arguments: Transport.allCases)
  func `a client that leaves while its rows wait is counted as 499, and harms no neighbour`(transport: Transport) throws
  {
    let server = try start(transport, ["--max-queue-rows", "100000"])
    let sample = try MNISTSample.load()
    let alone = try server.connect().exchange("POST", "/predict", sample.body(0..<1)).body
    let busy = try Self.occupy(server)
    try Self.expectInFlight(3, server)
    let (leaver, stayer) = (try server.connect(), try server.connect())
    leaver.send(Client.request("POST", "/predict", sample.body(0..<1)))
    stayer.send(Client.request("POST", "/predict", sample.body(0..<1)))
    try Self.expectInFlight(4, server)
    leaver.disconnect()
    #expect(try stayer.receive().body == alone)
    for client in busy {
      let answer = try client.receive()
      #expect(answer.status == 200, answer.excerpt)
    }
    let name = #"radial_requests_total{route="/predict",code="499"}"#
    #expect(try Self.metric(name, of: server) { $0 == 1 } == 1)
    let values = MetricsTests.parse(try server.connect().exchange("GET", "/metrics").body)
    #expect(values[#"radial_rejections_total{reason="client_disconnected"}"#] == 1)
    #expect(values["radial_requests_in_flight"] == 0)
  }

  @Test(arguments: Transport.allCases)
  func `while draining probes hear it, work is done, and every answer closes its connection`(transport: Transport)
    throws
  {
    let server = try transport.start(["--drain-delay", "2"])
    let sample = try MNISTSample.load()
    let (before, late) = (try server.connect(), try server.connect())
    let alone = try before.exchange("POST", "/predict", sample.body(0..<1)).body
    late.send(Array(Client.request("POST", "/predict", sample.body(0..<1)).utf8.dropLast()))
    server.beginDraining()
    var probe = try server.connect().exchange("GET", "/readyz")
    // Bounded: each round is a request.
    for _ in 0..<10_000 where probe.status == 200 { probe = try server.connect().exchange("GET", "/readyz") }
    #expect(probe.status == 503 && probe.body.contains("shutting down") && probe.headers["retry-after"] == "1")
    for path in ["/healthz", "/v2/health/ready", "/v2/models/digits/ready", "/v1/models/digits"] {
      #expect(try server.connect().exchange("GET", path).status == 503, "\(path)")
    }
    #expect(try server.connect().exchange("GET", "/livez").status == 200)
    late.send("}")
    let answer = try late.receive()
    #expect(answer.status == 200 && answer.body == alone && answer.headers["connection"]?.lowercased() == "close")
    #expect(late.isClosedByPeer())
    #expect(server.hasEndedWell())
  }

  @Test(arguments: Transport.allCases)
  func `at the end what is not computed gets 503, and what is not whole is turned away`(transport: Transport) throws {
    let server = try start(
      transport, ["--max-queue-rows", "100000", "--drain-delay", "0", "--drain-timeout", "0"])
    let sample = try MNISTSample.load()
    // Nobody waits for the end of it.
    let busy = try Self.occupy(server, rows: 600)
    try Self.expectInFlight(3, server)
    let (waiting, unfinished) = (try server.connect(), try server.connect())
    waiting.send(Client.request("POST", "/predict", sample.body(0..<1)))
    unfinished.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
    try Self.expectInFlight(4, server)
    server.beginDraining()
    #expect(server.hasEndedWell())
    let answer = try waiting.receive()
    #expect(answer.status == 503 && answer.headers["retry-after"] == "1", answer.excerpt)
    #expect(answer.body.contains("shutting down"), answer.excerpt)
    let turnedAway = try unfinished.receive()
    #expect(turnedAway.status == 503 && turnedAway.body.contains("stops before the request"), turnedAway.excerpt)
    withExtendedLifetime(busy) {}
  }

  @Test(arguments: [("drop", 499), ("answer", 200)])
  func `a waiting request whose client sends no more is dropped, or answered where that is wanted`(
    halfClosed: String, code: Int
  ) throws {
    let server = try start(.socket, ["--max-queue-rows", "100000", "--half-closed", halfClosed])
    let sample = try MNISTSample.load()
    let busy = try Self.occupy(server)
    try Self.expectInFlight(3, server)
    let client = try server.connect()
    client.send(Client.request("POST", "/predict", sample.body(0..<1)))
    client.finishSending()
    let answer = try client.receiveIfAny()
    #expect(answer?.status == (code == 200 ? 200 : nil))
    for client in busy { _ = try client.receive() }
    let name = #"radial_requests_total{route="/predict",code="\#(code)"}"#
    #expect(try Self.metric(name, of: server) { $0 == 1 } == 1)
  }

  @Test(arguments: Transport.allCases)
  func `a caller who does not say how long waits as long as the server says`(transport: Transport) throws {
    let server = try start(transport, ["--max-queue-rows", "100000", "--request-timeout", "1ms"])
    for client in try Self.occupy(server) { #expect(try client.receive().status == 504) }
  }

  @Test(arguments: Transport.allCases)
  func `a large body that would be refused is refused before it arrives`(transport: Transport) throws {
    let server = try start(
      transport, ["--max-queue-rows", "2", "--model", RunningServer.weights("fashion.safetensors")])
    let busy = try Self.occupy(server)
    try Self.expectQueue(server)
    let client = try server.connect()
    let head = "POST /v2/models/slow/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    client.send(head)
    let answer = try client.receive()
    #expect(answer.status == 503 && answer.headers["connection"] == "close", answer.excerpt)
    #expect(Int(answer.headers["retry-after"] ?? "") ?? 0 >= 1 && answer.body.contains("queue is full"), answer.excerpt)
    // Another model's is welcome, and so is what is no request for rows.
    let other = try server.connect()
    other.send(head.replacing("slow", with: "fashion"))
    other.send(String(repeating: " ", count: 1_000_000))
    #expect(try other.receive().status == 400)
    // The other two of them were not welcome themselves, or came before the first had rows in the queue.
    #expect(try busy.map { try $0.receive().status }.contains(200))
  }
}

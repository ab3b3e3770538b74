import Foundation
import Testing

/// The checklist's fixture: model `m`, version 1, D = 784, C = 10, calibrated, at most 8 rows a request.
struct Conformance {
  static let width = 784
  static let classes = 10
  static let rows = 8
  static let infer = "/v2/models/m/infer"
  static let predict = "/v1/models/m:predict"
  static let arguments = [
    "--model", RunningServer.weights("digits.safetensors") + "=m", "--max-request-rows", String(rows),
  ]

  let transport: Transport
  let server: any StoppableServer
  let sample: MNISTSample

  init(_ flags: [String] = [], over transport: Transport = .socket) throws {
    try self.init(transport.start(Self.arguments + flags, model: nil), transport)
  }

  init(_ server: any StoppableServer, _ transport: Transport) throws {
    self.transport = transport
    self.server = server
    sample = try MNISTSample.load()
  }

  func connect() throws -> any HTTPClient { try server.connect() }

  func get(_ path: String) throws -> Client.Answer { try connect().exchange("GET", path) }

  func post(_ path: String, _ body: String = "", headers: [String] = []) throws -> Client.Answer {
    try connect().exchange("POST", path, body, headers: headers)
  }

  func post(_ path: String, bytes: [UInt8], headers: [String] = []) throws -> Client.Answer {
    try connect().exchange("POST", path, bytes: bytes, headers: headers)
  }

  /// Sends the request as the Python client would, with further headers.
  func infer(_ request: InferRequest, path: String = infer, headers: [String] = []) throws -> Client.Answer {
    try post(path, bytes: request.body, headers: request.headers + headers)
  }

  /// Rows of the sample.
  func values(_ range: Range<Int>) -> [[Int]] { Array(sample.rows[range]) }

  func flat(_ range: Range<Int>) -> String { Self.list(values(range).joined().map(String.init)) }

  func nested(_ range: Range<Int>) -> String { Self.list(values(range).map { Self.list($0.map(String.init)) }) }

  func bytes(_ range: Range<Int>) -> [UInt8] { Self.bytes(values(range).joined().map(Float.init)) }

  /// Those rows as an FP32 tensor of JSON numbers.
  func jsonRequest(_ range: Range<Int>, _ members: String...) -> InferRequest {
    var request = InferRequest(flat(range), shape: Self.shape(range.count))
    request.members = members
    return request
  }

  /// Those rows as an FP32 tensor of bytes.
  func binaryRequest(_ range: Range<Int>, _ members: String...) -> InferRequest {
    var request = InferRequest(bytes: bytes(range), shape: Self.shape(range.count))
    request.members = members
    return request
  }

  static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

  static func shape(_ rows: Int) -> String { "[\(rows),\(width)]" }

  /// Little-endian, as on the wire.
  static func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// One row of the same number.
  static func row(of token: String) -> String { list(Array(repeating: token, count: width)) }

  /// What the native route answers for those rows, in the order of the rows.
  func native(_ range: Range<Int>) throws -> (scores: [UInt32], distances: [UInt32]) {
    let answer = try post("/predict", sample.body(range))
    let rows = try #require(answer.json["predictions"] as? [[String: Any]], answer.excerpt)
    func bits(_ name: String) throws -> [UInt32] {
      try rows.flatMap { try #require($0[name] as? [Double]) }.map { Float($0).bitPattern }
    }
    return (try bits("scores"), try bits("distances"))
  }
}

/// Starts one server over each transport for a suite, which end with it.
struct ConformanceServer: SuiteTrait, TestScoping {
  /// What the tests of a suite share.
  struct Servers: Sendable {
    fileprivate let process: RunningServer
    fileprivate let service: InProcessService

    /// The checklist's fixture; in-process each test has a handler of its own.
    func over(_ transport: Transport) throws -> Conformance {
      try Conformance(transport == .socket ? process : InProcessServer(service), transport)
    }
  }

  @TaskLocal static var current: Servers?

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let servers = Servers(
      process: try RunningServer(Conformance.arguments, model: nil),
      service: try InProcessService(Conformance.arguments, model: nil))
    try await Self.$current.withValue(servers) { try await function() }
  }
}

extension Trait where Self == ConformanceServer {
  static var conformanceServer: Self { ConformanceServer() }
}

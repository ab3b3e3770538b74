import Bytes
import Dispatch
import HTTPServer
import Logging
import Synchronization

/// What the handlers of a test server saw.
final class Journal: Sendable {
  struct Entries: Sendable {
    var received: [String] = []
    var rejections: [ServerRejection] = []
    var abandoned = 0
  }
  private let entries = Mutex(Entries())
  /// Signalled at every request received and at every one abandoned.
  let arrivals = DispatchSemaphore(value: 0)
  let departures = DispatchSemaphore(value: 0)

  var now: Entries { entries.withLock { $0 } }
  func note(_ change: (inout Entries) -> Void) { entries.withLock { change(&$0) } }
}

/// Answers with the body it was sent: at once, at the turn's end (`/turn`), from another thread (`/later`) or not at all
/// (`/never`); `/fixed` and `/path/…` are fixed answers and the path itself.
final class EchoHandler: RequestHandler {
  private let link: any ReactorHandle
  private let journal: Journal
  private let queue = DispatchQueue(label: "later")
  private var held: [Int: (any HTTPExchange, [UInt8])] = [:]
  private var turn: [(any HTTPExchange, [UInt8])] = []
  private var next = 1
  private let done = DoneList()
  private let fixed = FixedResponse(status: 200, body: "{\"fixed\":true}", headers: [("X-Kind", "fixed")])
  private let never = FixedResponse(status: 503, body: "{\"error\":\"stopped\"}")

  final class Ticket {
    let number: Int
    init(_ number: Int) { self.number = number }
  }

  final class DoneList: Sendable { let tickets = Mutex<[Int]>([]) }

  init(_ link: any ReactorHandle, _ journal: Journal) {
    self.link = link
    self.journal = journal
  }

  func didReceive(_ exchange: any HTTPExchange) {
    let path = exchange.path
    let taken = exchange.body == nil ? exchange.takeBody() : nil
    let whole: UnsafeRawBufferPointer
    do throws(ServerRejection) {
      while try taken?.inflatePiece() == false {}
      whole = exchange.body ?? taken!.bytes
    } catch {
      journal.note { $0.rejections.append(error) }
      return exchange.respond(response(to: error))
    }
    let bytes = [UInt8](whole)
    let padding = UnsafeRawBufferPointer(start: whole.baseAddress! + whole.count, count: 64)
    let line = "\(exchange.method) \(path)" + (padding.allSatisfy { $0 == 0 } ? "" : " without padding")
    journal.note { $0.received.append(line) }
    switch path {
    case "/fixed": exchange.respond(.fixed(fixed))
    case "/turn": turn.append((exchange, bytes))
    case "/drop": exchange.cancel()
    case "/later", "/later/drop", "/never":
      let ticket = next
      next += 1
      exchange.context = Ticket(ticket)
      held[ticket] = (exchange, bytes)
      if path != "/never" {
        queue.async { [done, link] in
          done.tickets.withLock { $0.append(ticket) }
          link.wake()
        }
      }
    case _ where path.hasPrefix("/path/"): answer(exchange, Array(path.utf8))
    default: answer(exchange, bytes)
    }
    journal.arrivals.signal()
  }

  func didReadSockets() {
    for (exchange, bytes) in turn { answer(exchange, bytes) }
    turn.removeAll()
  }

  func didWake() {
    for ticket in done.tickets.withLock({ list in
      defer { list = [] }
      return list
    }) {
      if let (exchange, bytes) = held.removeValue(forKey: ticket) {
        if exchange.path == "/later/drop" { exchange.cancel() } else { answer(exchange, bytes) }
      }
    }
  }

  func willReceiveBody(of request: any HTTPRequest, bytes: Int?) -> BodyDecision {
    guard request.path == "/unwelcome" else { return .accept(nil) }
    return .refuse(.fixed(never))
  }

  func trimMemory() -> Bool { false }

  func didReject(_ rejection: ServerRejection, of request: any HTTPRequest) {
    journal.note { $0.rejections.append(rejection) }
  }

  func response(to rejection: ServerRejection) -> Response {
    .fixed(
      FixedResponse(status: rejection.status, body: "{\"error\":\"\(rejection.message)\"}", headers: rejection.headers))
  }

  func didLoseClient(_ exchange: any HTTPExchange) {
    if let ticket = exchange.context as? Ticket { held[ticket.number] = nil }
    turn.removeAll { $0.0 === exchange }
    journal.note { $0.abandoned += 1 }
    journal.departures.signal()
  }

  func responseAtShutdown(to exchange: any HTTPExchange) -> Response { .fixed(never) }

  private func answer(_ exchange: any HTTPExchange, _ bytes: [UInt8]) {
    let buffer = link.makeBuffer(minimumCapacity: bytes.count)
    bytes.withUnsafeBytes { buffer.append($0) }
    exchange.respond(Response(status: 200, contentType: "application/octet-stream", body: buffer))
  }
}

/// A server of echo handlers on a free port, stopped at the end of the test.
final class TestServer {
  let journal = Journal()
  let server: Server

  init(
    address: ListenAddress = .tcp(host: "127.0.0.1", port: 0), logger: Logger = Logger(label: "test"),
    _ adjust: (inout ServerConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = ServerConfiguration(address: address, reactors: 1)
    adjust(&configuration)
    server = try Server(configuration, logger: logger) { [journal] in EchoHandler($0, journal) }
    server.start()
  }

  deinit { server.stop(grace: .zero) }

  func client() throws -> Client { try Client(server.address) }
}

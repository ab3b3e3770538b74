import Bytes
import Dispatch
package import HTTPServer
import Synchronization

/// A server without sockets: drives a handler as a reactor does, on the calling thread, and collects its answers.
///
/// What clients send is kept until one of them waits for an answer; then turns are taken until it has it. So requests that were sent
/// before the first wait arrive in one turn, always, and in the order of their connections. Time stands still for the connections'
/// deadlines, until nothing else can happen: then it moves on by a second. `ExchangeState`, `HeaderValidator` and `RequestBody` are the
/// server's own; only libmicrohttpd's part, taking a request apart, is done again here.
///
/// Used on one thread only.
package final class TestTransport {
  /// The limits that bound a request.
  struct Limits {
    var validator: HeaderValidator.Limits
    var deadlines: Deadlines
    var drainLimit: Int
  }

  let limits: Limits
  let handler: any RequestHandler
  let bodyBuffers: BodyBufferPool
  private let handle: Handle
  private let budget: ResourceBudget
  private var connections: [TestConnection] = []
  private var requestCount = 0
  /// Counts turns.
  private(set) var run: UInt64 = 0
  /// The time of the connections' deadlines, in nanoseconds.
  private(set) var now: UInt64 = 0
  private(set) var isDraining = false

  /// - Parameter configuration: its limits; nobody listens at its address.
  package init(_ configuration: ServerConfiguration, makeHandler: (any ReactorHandle) -> any RequestHandler) {
    limits = Limits(
      validator: HeaderValidator.Limits(configuration), deadlines: Deadlines(configuration),
      drainLimit: 2 * configuration.maxBodyBytes)
    budget = ResourceBudget(configuration)
    bodyBuffers = BodyBufferPool(limit: configuration.maxBodyBytes, budget: configuration.memory)
    handle = Handle(budget: budget)
    handler = makeHandler(handle)
  }

  deinit { stop() }

  /// Opens a connection; one too many is told so.
  package func connect() -> TestConnection {
    let connection = TestConnection(transport: self)
    connections.append(connection)
    if let rejection = budget.acquireConnection() { connection.interrupt(rejection) }
    return connection
  }

  /// From now on every answer closes its connection, as `Server.beginDraining` has it.
  package func beginDraining() { isDraining = true }

  /// Answers what is owed with `RequestHandler.responseAtShutdown`, turns what is still arriving away, and closes every connection.
  package func stop() {
    beginDraining()
    turn()
    for connection in connections where connection.isUnanswered {
      connection.respond(handler.responseAtShutdown(to: connection))
    }
    for connection in connections where connection.isReading { connection.interrupt(.stopping) }
    turn()
    for connection in connections { connection.shutDown() }
  }

  /// Takes turns until a condition holds.
  /// - Throws: `HTTPClientFailure` when it never will.
  func run(until isDone: () -> Bool) throws(HTTPClientFailure) {
    while !isDone() {
      if handle.takeWakeup() {
        handler.didWake()
        turn()
        continue
      }
      if turn() { continue }
      if connections.contains(where: \.isUnanswered) {
        guard handle.waitForWakeup() else {
          throw HTTPClientFailure(message: "a request was left unanswered, and nobody wakes its handler")
        }
      } else if !passTime() {
        throw HTTPClientFailure(message: "neither an answer nor a close: nothing is sent, and no deadline is near")
      }
    }
  }

  /// Lets every connection go on as far as it can.
  /// - Returns: whether any did.
  @discardableResult
  private func turn() -> Bool {
    run += 1
    var hasProgressed = false
    for connection in connections { while connection.advance() { hasProgressed = true } }
    handler.didReadSockets()
    for connection in connections { while connection.advance() { hasProgressed = true } }
    connections.removeAll(where: \.isClosed)
    return hasProgressed
  }

  /// Moves the time on, a second at a time as a reactor's sweep does, until a deadline has passed.
  /// - Returns: false: none is within the next hour.
  private func passTime() -> Bool {
    for _ in 0..<3600 {
      now += 1_000_000_000
      if connections.map({ $0.sweep() }).contains(true) { return true }
    }
    return false
  }

  func nextRequestID() -> String {
    requestCount += 1
    let digits = String(requestCount, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// A connection has closed.
  func release() { budget.releaseConnection() }
}

extension TestTransport {
  /// The way back of a handler's other threads.
  private final class Handle: ReactorHandle {
    let index = 0
    private let budget: ResourceBudget
    private let isAwaited = Atomic<Bool>(false)
    private let arrivals = DispatchSemaphore(value: 0)

    init(budget: ResourceBudget) { self.budget = budget }

    var connectionFigures: ConnectionFigures { budget.figures }
    var memory: MemoryBudget { budget.memory }

    func wake() { if !isAwaited.exchange(true, ordering: .acquiringAndReleasing) { arrivals.signal() } }

    func makeBuffer(minimumCapacity: Int) -> ByteBuffer { ByteBuffer(capacity: minimumCapacity) }

    /// Whether `wake` was called since the last time.
    func takeWakeup() -> Bool {
      guard isAwaited.exchange(false, ordering: .acquiringAndReleasing) else { return false }
      arrivals.wait()
      return true
    }

    /// Sleeps until `wake` is called; false: it was not within 30 seconds.
    func waitForWakeup() -> Bool {
      guard arrivals.wait(timeout: .now() + .seconds(30)) == .success else { return false }
      arrivals.signal()
      return true
    }
  }
}

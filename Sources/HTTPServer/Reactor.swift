import Bytes
internal import CMicroHTTPD
import Glibc
import Logging
import Synchronization

/// One thread with one libmicrohttpd daemon and one listening socket.
///
/// `@unchecked Sendable`: everything mutable is touched by the reactor's own thread only, after `serve()` has begun; other
/// threads have the `ReactorControl` and the `ResourceBudget`. `Server` creates it, and hands it over to its thread.
final class Reactor: @unchecked Sendable {
  /// The configuration, in the units the hot path compares.
  struct Settings {
    var validator: HeaderValidator.Limits
    var deadlines: Deadlines
    var maxConnections: Int
    /// As many bytes of a rejected body are read before its client is answered all the same: "drained up to twice the limit".
    var drainLimit: Int
    /// libmicrohttpd's own inactivity timeout: a backstop behind ours.
    var backstopSeconds: UInt32
    var connectionMemory: Int
  }

  let index: Int
  let control: ReactorControl
  let budget: ResourceBudget
  let settings: Settings
  /// nil: connections are in plain text.
  let tls: TLSIdentity?
  /// Where handshakes wait for their clients; nil without TLS.
  let waitingHandshakes: WaitingHandshakes?
  /// Connections in their handshake that have just been opened, or whose clients went on with it.
  var activeHandshakes: [Exchange] = []
  /// Of connections that have closed since the last sweep: libmicrohttpd ends its session after it has said so.
  var closedSessions: [TLSSession] = []
  let logger: Logger
  let outputBuffers = ByteBufferPool()
  let bodyBuffers: BodyBufferPool
  var requestIDs = RequestIDs()
  var connections: [Exchange] = []
  /// The handler; nil before and after the thread's life.
  private(set) var handler: (any RequestHandler)?
  private let makeHandler: @Sendable (any ReactorHandle) -> any RequestHandler
  private(set) var daemon: OpaquePointer?
  private var listener: Int32
  private var hasQuiesced = false
  /// Counts calls of MHD_run.
  private(set) var run: UInt64 = 0
  /// When this turn began: near enough for deadlines, which are checked once a second.
  private(set) var turnNanoseconds = monotonicNanoseconds()
  /// Somebody waits for the next MHD_run: do not sleep.
  var runAgain = false
  private var nextSweep: UInt64 = 0
  var longestIdle = LongestIdle()
  /// Requests of this turn whose targets may have more arguments than their connections' memory holds.
  var longTargets: [Exchange] = []
  /// Connections that were one too many since the last sweep, and whether there was no descriptor for one.
  var refusedConnections = 0
  private var lacksDescriptors = false

  /// - Parameter listener: bound and listening; the reactor closes it.
  init(
    index: Int, listener: Int32, control: ReactorControl, budget: ResourceBudget, settings: Settings,
    tls: TLSIdentity?, logger: Logger,
    makeHandler: @escaping @Sendable (any ReactorHandle) -> any RequestHandler
  ) throws(ServerError) {
    self.index = index
    self.listener = listener
    self.control = control
    self.budget = budget
    self.settings = settings
    self.tls = tls
    waitingHandshakes = try tls.map { (_) throws(ServerError) in try WaitingHandshakes() }
    self.logger = logger
    self.makeHandler = makeHandler
    bodyBuffers = BodyBufferPool(limit: settings.validator.maxBodyBytes, budget: budget.memory)
    daemon = startDaemon(listener: listener)
    guard daemon != nil else {
      throw ServerError(
        kind: .daemon, description: "libmicrohttpd did not start a daemon; see the debug log for its reason.")
    }
  }

  deinit {
    // Only a reactor that never ran still has its daemon here, and no connection.
    shutDownDaemon()
  }

  var isDraining: Bool { control.isDraining.load(ordering: .relaxed) }

  /// The thread's life: until `stop`.
  func serve() {
    guard let daemon else { return }
    handler = makeHandler(self)
    // The 128-event stall: MHD_epoll repeats epoll_wait with the caller's timeout while it gets exactly 128 events, so with
    // a blocking timeout 128 ready connections put the daemon to sleep over unread requests. We wait outside; MHD_run
    // never blocks.
    var waits = [
      pollfd(fd: mhd_daemon_epoll_descriptor(daemon), events: Int16(POLLIN), revents: 0),
      pollfd(fd: control.event.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    if let waitingHandshakes {
      waits.append(pollfd(fd: waitingHandshakes.descriptor, events: Int16(POLLIN), revents: 0))
    }
    nextSweep = monotonicNanoseconds() + sweepInterval
    var ending = Ending.serving
    while true {
      // Flags are looked at in every pass; the eventfd only ends a sleep, and is read only after one.
      if !runAgain {
        poll(&waits, nfds_t(waits.count), sleepMilliseconds(daemon))
        if waits[1].revents != 0 { control.event.clear() }
      }
      runAgain = false
      control.didTurn()
      if control.takeHandlerWakeup() { handler?.didWake() }
      if tls != nil { resumeHandshakes() }
      if control.isQuiesced.load(ordering: .acquiring) { quiesce(daemon) }
      turn(daemon)
      if control.isStopping.load(ordering: .acquiring) {
        if ending == .serving {
          quiesce(daemon)
          // What has arrived by now is accepted work: read it before idle connections are told apart.
          turn(daemon)
        }
        if advance(&ending) { break }
      }
      let now = monotonicNanoseconds()
      if now >= nextSweep {
        nextSweep = now + sweepInterval
        sweep(at: now)
        trimMemory()
        reportConnections()
      }
    }
    if tls != nil { endHandshakes(daemon) }
    // Connections hold their reactor.
    longestIdle.removeAll()
    shutDownDaemon()
    handler = nil
  }

  private let sweepInterval: UInt64 = 1_000_000_000

  /// What libmicrohttpd says for whoever debugs it; "Hit process or system resource limit at … connections" is for everybody.
  func daemonSays(_ message: String) {
    if message.contains("resource limit") { lacksDescriptors = true }
    logger.debug("\(message)")
  }

  /// Once a second at most, however many connections are refused.
  private func reportConnections() {
    if refusedConnections > 0 {
      logger.warning(
        "connections refused: the limit is reached",
        metadata: [
          "connections": .stringConvertible(refusedConnections), "limit": .stringConvertible(settings.maxConnections),
        ])
      refusedConnections = 0
    }
    if lacksDescriptors {
      logger.warning("connections wait: the process has no file descriptor left; raise its limit of open files")
      lacksDescriptors = false
    }
  }

  /// Whether there was memory to spare at the last sweep, or a connection since.
  var hasSpareMemory = false

  private func trimMemory() {
    let spare = [outputBuffers.trim(), bodyBuffers.trim(), handler?.trimMemory() ?? false]
    hasSpareMemory = spare.contains(true)
  }

  /// One pass of libmicrohttpd over everything readable, then the handler's turn ends.
  private func turn(_ daemon: OpaquePointer) {
    run &+= 1
    turnNanoseconds = monotonicNanoseconds()
    MHD_run(daemon)
    if !longTargets.isEmpty { answerUnsent() }
    if tls != nil { setHandshakesAside() }
    handler?.didReadSockets()
  }

  private func sleepMilliseconds(_ daemon: OpaquePointer) -> Int32 {
    var milliseconds: UInt64 = 0
    let hasTimeout = MHD_get_timeout(daemon, &milliseconds) == .YES
    if hasTimeout && milliseconds == 0 { return 0 }
    if connections.isEmpty && !hasSpareMemory && !control.isStopping.load(ordering: .relaxed) { return -1 }
    let now = monotonicNanoseconds()
    var wait = nextSweep > now ? (nextSweep - now) / 1_000_000 + 1 : 0
    if control.isStopping.load(ordering: .relaxed) { wait = min(wait, 10) }
    return Int32(min(wait, hasTimeout ? milliseconds : .max))
  }

  /// Stops accepting. What the kernel had already accepted for us is served, not reset.
  private func quiesce(_ daemon: OpaquePointer) {
    guard !hasQuiesced else { return }
    hasQuiesced = true
    MHD_quiesce_daemon(daemon)
    while true {
      let accepted = accept(listener, nil, nil)
      if accepted < 0 { break }
      _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
      _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
      var address = sockaddr()
      // AF_UNIX and TCP alike: nobody reads the client's address, so an empty one will do.
      address.sa_family = sa_family_t(AF_INET)
      MHD_add_connection(daemon, accepted, &address, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    close(listener)
    listener = -1
  }

  /// Ends a daemon without a connection that could be suspended.
  func shutDownDaemon() {
    guard let daemon else { return }
    self.daemon = nil
    // "MHD_stop_daemon": closes the listening socket itself unless the daemon was quiesced.
    MHD_stop_daemon(daemon)
  }
}

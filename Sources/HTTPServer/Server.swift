import Bytes
import Glibc
public import Logging
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd: one reactor thread per core, each with a listening socket of its own.
///
/// Life: `init` binds and listens; `start` serves; `beginDraining`, `quiesce`, `stop` end it, each optional but the last.
public final class Server: Sendable {
  /// Where it really listens: a port of 0 is replaced by the kernel's choice.
  public let address: ListenAddress
  /// The same as a URL that a client can use: `https://127.0.0.1:8443`.
  public let url: String
  private let reactors: [Reactor]
  private let controls: [ReactorControl]
  private let budget: ResourceBudget
  private enum Life {
    case made
    case running([pthread_t])
    case stopped
  }
  private let life = Mutex(Life.made)

  /// Whether a server could listen at an address now: for a program that has much to do before it listens, and would do it in vain.
  ///
  /// The address is let go of again. Until somebody listens there clients are refused, so that a balancer goes elsewhere at once.
  public static func check(_ address: ListenAddress) throws(ServerError) { try ListeningSockets.check(address) }

  /// Binds and listens; clients can connect, and are served from `start` on.
  /// - Parameter makeHandler: called once on each reactor's thread.
  public init(
    _ configuration: ServerConfiguration, logger: Logger,
    makeHandler: @escaping @Sendable (any ReactorHandle) -> any RequestHandler
  ) throws(ServerError) {
    let count = max(1, configuration.reactors)
    let budget = ResourceBudget(configuration)
    let sockets = try ListeningSockets(configuration.address, count: count)
    let settings = Reactor.Settings(configuration)
    var reactors: [Reactor] = []
    var controls: [ReactorControl] = []
    do throws(ServerError) {
      for (index, descriptor) in sockets.descriptors.enumerated() {
        guard let control = ReactorControl() else {
          throw ServerError(kind: .socket, description: "Could not create an eventfd; raise the limit of open files.")
        }
        controls.append(control)
        reactors.append(
          try Reactor(
            index: index, listener: descriptor, control: control, budget: budget, settings: settings,
            tls: configuration.tls, logger: logger,
            makeHandler: makeHandler))
      }
    } catch {
      // A reactor's daemon closes its own listening socket.
      for descriptor in sockets.descriptors[reactors.count...] { close(descriptor) }
      ListeningSockets.unlinkFile(of: sockets.address)
      throw error
    }
    self.address = sockets.address
    url = sockets.address.url(isEncrypted: configuration.tls != nil)
    self.budget = budget
    self.reactors = reactors
    self.controls = controls
  }

  deinit { stop(grace: .zero) }

  /// Of all reactors.
  public var connectionFigures: ConnectionFigures { budget.figures }

  /// Whether every reactor has made a turn since the last call: for a watchdog, which asks again after some time. True while the server ends,
  /// whose time is bounded. Any thread.
  public func haveReactorsTurned() -> Bool { controls.map { $0.hasTurned() }.allSatisfy(\.self) }

  /// Starts the reactor threads; once.
  public func start() {
    life.withLock { life in
      guard case .made = life else { return }
      signal(SIGPIPE, SIG_IGN)
      life = .running(reactors.map(Self.startThread))
    }
  }

  /// From now on every answer carries `Connection: close`; new connections and requests are still served.
  public func beginDraining() { for control in controls { control.isDraining.store(true, ordering: .releasing) } }

  /// Stops accepting connections; open ones are still served.
  public func quiesce() {
    for control in controls {
      control.isQuiesced.store(true, ordering: .releasing)
      control.event.signal()
    }
  }

  /// Stops accepting, answers what is in flight for at most `grace`, answers the rest with `RequestHandler.responseAtShutdown`,
  /// closes every connection and joins the threads. Returns when all is done; again does nothing. Not from a handler: it
  /// would wait for its own thread.
  public func stop(grace: Duration) {
    beginDraining()
    let end = monotonicNanoseconds() &+ min(grace.nanoseconds, 1 << 60)
    for control in controls {
      control.graceEnd.store(end, ordering: .releasing)
      control.isStopping.store(true, ordering: .releasing)
      control.event.signal()
    }
    life.withLock { life in
      switch life {
      case .made: for reactor in reactors { reactor.shutDownDaemon() }
      case .running(let threads): for thread in threads { pthread_join(thread, nil) }
      case .stopped: return
      }
      life = .stopped
      ListeningSockets.unlinkFile(of: address)
    }
  }

  private static func startThread(_ reactor: Reactor) -> pthread_t {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Reactor>.fromOpaque(context!).takeRetainedValue().serve()
        return nil
      }, Unmanaged.passRetained(reactor).toOpaque())
    precondition(code == 0, "pthread_create failed: \(code)")
    return thread
  }
}

extension Reactor.Settings {
  /// The units that the hot path compares.
  init(_ configuration: ServerConfiguration) {
    validator = HeaderValidator.Limits(configuration)
    drainLimit = 2 * validator.maxBodyBytes
    deadlines = Deadlines(configuration)
    maxConnections = max(1, configuration.maxConnections)
    let longest = max(configuration.idleTimeout, configuration.headerTimeout, configuration.bodyTimeout)
    backstopSeconds = UInt32(min(longest.components.seconds + 15, 86_400))
    // Each connection has a pool, which holds the header section's text (cookies twice) and 64 bytes for each of its fields, arguments and
    // cookies, and is cleared for every keep-alive request. 32 KiB is the most that libmicrohttpd takes by malloc: above, a new connection
    // costs an mmap and its page faults (measured: a quarter of the requests that come with one each), and 64 KiB a tenth of all. Half of
    // it is read into at a time, so that 16 KiB took more system calls and was no faster.
    connectionMemory = max(32 << 10, 4 * configuration.maxHeaderBytes)
  }
}

import ArgumentParser
import Bytes
import HTTPServer
import InferenceAPI
import Logging
import RadialEngine
import TestSupport

@testable import radial

/// What `radial serve` makes of its arguments, but for sockets and threads: may be shared by tests, which have a server each.
final class InProcessService: Sendable {
  let service: Service
  let registry: ModelRegistry
  let configuration: ServerConfiguration
  /// Whether the files are looked at while it serves.
  let looksForChanges: Bool

  /// - Parameter model: a file below `weights`; nil: the arguments name the models.
  init(_ arguments: [String] = [], model: String? = "digits.safetensors") throws {
    let serve = try Serve.parse((model.map { ["--model", RunningServer.weights($0)] } ?? []) + arguments)
    let memory = MemoryBudget(limit: serve.memoryBudget)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (registry, changes, _) = try serve.loadModels(.best, memory, logger)
    try serve.refuse(changes.failed.map(\.value))
    var settings = serve.serviceConfiguration(threads: serve.options.threads ?? 2, .best, memory)
    settings.access = serve.accessConfiguration(try serve.apiKeys())
    service = Service(settings, registry: registry, reactors: 1, logger: logger)
    self.registry = registry
    configuration = serve.serverConfiguration(reactors: 1, memory)
    looksForChanges = serve.options.modelsScanInterval > 0
    service.become(.ready)
  }
}

/// A server in this process and without a socket. Used on one thread only.
final class InProcessServer: StoppableServer {
  private let shared: InProcessService
  private let transport: TestTransport

  init(_ shared: InProcessService) {
    self.shared = shared
    let service = shared.service
    transport = TestTransport(shared.configuration) { service.makeHandler($0) }
  }

  func connect() -> any HTTPClient { Client(connection: transport.connect(), shared: shared) }

  func beginDraining() {
    shared.service.become(.draining)
    transport.beginDraining()
  }

  func hasEndedWell() -> Bool {
    transport.stop()
    return true
  }

  /// A client that looks at the files before every request, as the process does every now and then.
  private final class Client: HTTPClient {
    let connection: TestConnection
    let shared: InProcessService

    init(connection: TestConnection, shared: InProcessService) {
      self.connection = connection
      self.shared = shared
    }

    func send(_ bytes: [UInt8]) -> Bool {
      if shared.looksForChanges { shared.registry.lookForChanges() }
      return connection.send(bytes)
    }

    func finishSending() { connection.finishSending() }
    func receive(bodyFollows: Bool) throws -> HTTPAnswer { try connection.receive(bodyFollows: bodyFollows) }
    func receiveIfAny() throws -> HTTPAnswer? { try connection.receiveIfAny() }
    func isClosedByPeer() -> Bool { connection.isClosedByPeer() }
    func disconnect() { connection.disconnect() }
  }
}

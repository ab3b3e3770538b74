import ArgumentParser
import HTTPServer
import InferenceAPI
import Logging
import RadialEngine
import TestSupport

@testable import radial

/// What `radial serve` serves for the same arguments, in this process and without a socket.
struct InProcessServer: ServerUnderTest {
  let transport: TestTransport
  private let service: Service

  /// - Parameter model: a file below `weights`; nil: the arguments name the models.
  init(_ arguments: [String] = [], model: String? = "digits.safetensors") throws {
    let serve = try Serve.parse((model.map { ["--model", RunningServer.weights($0)] } ?? []) + arguments)
    let configuration = serve.serviceConfiguration(threads: serve.options.threads ?? 2, InstructionSet.best)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = Service(configuration, reactors: 1, logger: logger)
    let (store, changes, _) = try serve.loadModels(service, InstructionSet.best)
    try serve.refuse(changes.failed.map(\.value))
    service.become(.ready)
    transport = TestTransport(serve.serverConfiguration(reactors: 1)) { service.makeHandler($0, store) }
    self.service = service
  }

  func connect() -> any HTTPClient { transport.connect() }

  /// Says to probes and clients that the end is near, as SIGTERM does.
  func beginDraining() {
    service.become(.draining)
    transport.beginDraining()
  }
}

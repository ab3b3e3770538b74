import ArgumentParser
import Batching
import Glibc
import HTTPServer
import InferenceAPI
import Logging
import Models
import RadialEngine

/// `radial serve`: load → self-test → warm up → listen → drain → stop.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve models over HTTP.",
    discussion:
      "Every flag is also an environment variable, RADIAL_ and its name: --max-body-bytes is RADIAL_MAX_BODY_BYTES.")

  @OptionGroup var options: ServeOptions
  @OptionGroup var keras: KerasOptions

  func run() throws {
    let logger = makeLogger(format: options.logFormat, level: options.logLevel)
    let signals = StopSignals()
    let threads = options.threads ?? availableCores()
    let registry = try loadModels()
    let models = registry.all.map { ServedModel($0, cost: CostModel.measure($0.network)) }
    for served in models {
      logger.debug(
        "measured",
        metadata: [
          "model": "\(served.model.name)", "one_row_us": "\(served.cost.nanoseconds(rows: 1) / 1000)",
          "batch_64_us": "\(served.cost.nanoseconds(rows: 64) / 1000)",
        ])
    }
    let service = Service(
      serviceConfiguration(threads: threads), registry: registry, models: models, reactors: threads, logger: logger)
    let server: Server
    do throws(ServerError) {
      server = try Server(
        serverConfiguration(reactors: threads), logger: logger, makeHandler: { service.makeHandler($0) })
    } catch {
      throw Failure.environment("\(error)")
    }
    service.become(.ready)
    server.start()
    announce(server, registry, threads)

    let signal = signals.wait()
    logger.notice("draining", metadata: ["signal": "\(signal)"])
    service.become(.draining)
    server.beginDraining()
    sleep(seconds: options.drainDelay)
    server.stop(grace: .seconds(options.drainTimeout))
    logger.notice("stopped")
  }

  private func loadModels() throws -> ModelRegistry {
    let specifications = options.model.isEmpty ? [try defaultModelPath()] : options.model
    do {
      let instructionSet = try InstructionSet.selected(forcing: [String: String].process["RADIAL_ISA"])
      let models = try specifications.map { specification in
        let (path, name) = Self.split(specification)
        let model = try Model.load(path: path, name: name, instructionSet: instructionSet, options: keras.loadOptions)
        try model.selfTest()
        return model
      }
      return try ModelRegistry(models, defaultName: models.first?.name)
    } catch {
      throw Failure.usage("\(error)")
    }
  }

  /// FILE or FILE=NAME; a file that exists under the whole text is that file.
  static func split(_ specification: String) -> (path: String, name: String?) {
    guard access(specification, F_OK) != 0, let equals = specification.lastIndex(of: "=") else {
      return (specification, nil)
    }
    return (String(specification[..<equals]), String(specification[specification.index(after: equals)...]))
  }

  private func serviceConfiguration(threads: Int) -> Service.Configuration {
    var configuration = Service.Configuration()
    configuration.maxBatchRows = options.maxBatchRows
    configuration.maxQueueRows = options.maxQueueRows
    configuration.maxRequestRows = options.maxRequestRows
    configuration.inlineBudget = .microseconds(Int64(options.inlineBudget * 1000))
    configuration.threads = threads
    configuration.logsAccess = options.accessLog
    configuration.version = radialVersion
    return configuration
  }

  private func serverConfiguration(reactors: Int) -> ServerConfiguration {
    var configuration = ServerConfiguration(
      address: ListenAddress(host: options.host, port: options.port), reactors: reactors)
    configuration.maxBodyBytes = options.maxBodyBytes
    configuration.maxHeaderBytes = options.maxHeaderBytes
    configuration.maxConnections = options.maxConnections
    configuration.headerTimeout = .seconds(options.headerTimeout)
    configuration.bodyTimeout = .seconds(options.bodyTimeout)
    configuration.idleTimeout = .seconds(options.idleTimeout)
    return configuration
  }

  /// The one line that start-up prints.
  private func announce(_ server: Server, _ registry: ModelRegistry, _ threads: Int) {
    let names = registry.all.map { "\($0.name) version \($0.version)" }.joined(separator: ", ")
    let instructionSet = registry.defaultModel.network.instructionSet.rawValue
    write(
      "radial \(radialVersion) at \(server.address), \(names), \(instructionSet), \(threads) threads", to: STDOUT_FILENO
    )
  }
}

private func sleep(seconds: Double) {
  var remaining = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
  var left = timespec()
  while nanosleep(&remaining, &left) != 0 && errno == EINTR { remaining = left }
}

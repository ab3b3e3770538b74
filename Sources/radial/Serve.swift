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
    let instructionSet = try selectedInstructionSet()
    let service = Service(
      serviceConfiguration(threads: threads, instructionSet), reactors: threads, logger: logger)
    let store = try loadModels(service, instructionSet)
    let server: Server
    do throws(ServerError) {
      server = try Server(
        serverConfiguration(reactors: threads), logger: logger, makeHandler: { service.makeHandler($0, store) })
    } catch {
      throw Failure.environment("\(error)")
    }
    service.become(.ready)
    server.start()
    announce(server, service, threads)

    // The main thread loads and swaps models; while the server drains, nothing is unloaded any more.
    let signal = signals.wait(every: options.modelsScanInterval) { store.rescan(retriesFailures: $0) }
    logger.notice("draining", metadata: ["signal": "\(signal)"])
    service.become(.draining)
    server.beginDraining()
    sleep(seconds: options.drainDelay)
    server.stop(grace: .seconds(options.drainTimeout))
    logger.notice("stopped")
  }

  /// Loads everything for the first time. A file that was named must load; what fails in a directory is reported and left out.
  private func loadModels(_ service: Service, _ instructionSet: InstructionSet) throws -> ModelStore {
    var files = options.model.map(Self.split)
    if files.isEmpty, options.modelsDir == nil { files = [(try defaultModelPath(), nil)] }
    let keys = files.map { ModelSource(path: $0.path, name: $0.name).key }
    if let index = keys.indices.first(where: { keys[..<$0].contains(keys[$0]) }) {
      throw Failure.usage(
        "\(files[index].path): two models are called '\(keys[index].name)'; give one another name with FILE=NAME")
    }
    if let directory = options.modelsDir {
      do { _ = try ModelDirectory.scan(directory) } catch { throw Failure.usage("\(error)") }
    }
    // They are for the Keras files among the models.
    let loading = keras.loadOptions.ignoringOtherForms
    let store = ModelStore(
      service, files: files, directory: options.modelsDir, defaultName: options.defaultModel
    ) { source throws(ModelError) in
      try Model.load(
        path: source.path, name: source.key.name, version: source.key.version, instructionSet: instructionSet,
        options: loading)
    }
    let changes = store.rescan(retriesFailures: true)
    if let sentence = keys.lazy.compactMap({ changes.failed[$0] }).first { throw Failure.usage(sentence) }
    if let name = options.defaultModel, !service.served.contains(where: { $0.name == name }) {
      throw Failure.usage(
        "--default-model: no model '\(name)' was loaded (\(service.served.map(\.name).joined(separator: ", ")))")
    }
    return store
  }

  /// FILE or FILE=NAME; a file that exists under the whole text is that file.
  static func split(_ specification: String) -> (path: String, name: String?) {
    guard access(specification, F_OK) != 0, let equals = specification.lastIndex(of: "=") else {
      return (specification, nil)
    }
    return (String(specification[..<equals]), String(specification[specification.index(after: equals)...]))
  }

  private func serviceConfiguration(threads: Int, _ instructionSet: InstructionSet) -> Service.Configuration {
    var configuration = Service.Configuration()
    configuration.maxBatchRows = options.maxBatchRows
    configuration.maxQueueRows = options.maxQueueRows
    configuration.maxRequestRows = options.maxRequestRows
    configuration.inlineBudget = .microseconds(Int64(options.inlineBudget * 1000))
    configuration.threads = threads
    configuration.logsAccess = options.accessLog
    configuration.version = radialVersion
    configuration.instructionSet = instructionSet
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
  private func announce(_ server: Server, _ service: Service, _ threads: Int) {
    let names = service.served.map { "\($0.name) version \($0.version)" }
    let models = names.isEmpty ? "no model" : names.joined(separator: ", ")
    let instructionSet = service.configuration.instructionSet.rawValue
    write(
      "radial \(radialVersion) at \(server.address), \(models), \(instructionSet), \(threads) threads",
      to: STDOUT_FILENO)
  }
}

/// The best instruction set, or the one that RADIAL_ISA forces.
func selectedInstructionSet() throws -> InstructionSet {
  do {
    return try InstructionSet.selected(forcing: [String: String].process["RADIAL_ISA"])
  } catch {
    throw Failure.usage("\(error)")
  }
}

private func sleep(seconds: Double) {
  var remaining = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
  var left = timespec()
  while nanosleep(&remaining, &left) != 0 && errno == EINTR { remaining = left }
}

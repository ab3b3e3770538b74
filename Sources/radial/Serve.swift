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
    let files = try namedModels()
    let keys: [ModelSource.Key]
    do {
      if let directory = options.modelsDir { _ = try ModelDirectory.scan(directory) }
      keys = try files.flatMap { try ModelDirectory.sources(of: $0.path, name: $0.name) }.map(\.key)
    } catch {
      throw Failure.usage("\(error)")
    }
    if let index = keys.indices.first(where: { keys[..<$0].contains(keys[$0]) }) {
      throw Failure.usage("--model: two models are called '\(keys[index].name)'; give one another name with PATH=NAME")
    }
    // They are for the Keras files among the models.
    let loading = keras.loadOptions.ignoringOtherForms
    let store = ModelStore(
      service, files: files, directory: options.modelsDir, defaultName: options.defaultModel ?? keys.first?.name,
      allowsUnload: options.allowUnload
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

  /// The models of the command line; without any what KServe has mounted, or the default model.
  private func namedModels() throws -> [(path: String, name: String?)] {
    var files = options.model.map(Self.split)
    if files.isEmpty, options.modelsDir == nil {
      files = [(access(Self.mountedModels, F_OK) == 0 ? Self.mountedModels : try defaultModelPath(), nil)]
    }
    if let name = options.modelName {
      guard files.count == 1 else {
        throw Failure.usage(
          "--model-name: expected one --model to be named, found \(files.count); use --model PATH=NAME")
      }
      files[0].name = name
    } else if files.count == 1, files[0].name == nil, let name = [String: String].process["INFERENCE_SERVICE_NAME"] {
      files[0].name = name
    }
    return files
  }

  /// Where KServe's storage initializer puts a model.
  private static let mountedModels = "/mnt/models"

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

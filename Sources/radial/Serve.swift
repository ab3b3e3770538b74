import ArgumentParser
import Batching
import Bytes
import Dispatch
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
    discussion: """
      Every flag is also an environment variable, RADIAL_ and its name: --max-body-bytes is RADIAL_MAX_BODY_BYTES.
      Sizes are bytes, or numbers with kB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024); times are numbers of the unit
      that stands with the flag, or with us, ms, s, m, h.

        radial serve model.keras
        radial serve cats.keras=cats dogs.safetensors --port 9000
        radial serve --models-dir models --check
      """)

  @OptionGroup var options: ServeOptions
  @OptionGroup var keras: KerasOptions

  func run() throws {
    let log = LogOutput()
    // Whatever ends this, what was logged is written first, unless nobody reads it.
    defer { log.flush(seconds: 0.5) }
    let logger = makeLogger(format: options.logFormat, level: options.logLevel, output: log)
    raiseDescriptorLimit(for: options.maxConnections, logger)
    for complaint in EnvironmentDefaults(environment: .process).complaints() { logger.warning("\(complaint)") }
    // Beside itself it takes an index and its rows, all within a model's half.
    if options.maxBodyBytes > memoryBudget / 10 {
      logger.notice(
        "bodies of JSON above \(memoryBudget / 10) bytes may be too large for the memory; raise --memory-budget to ten times --max-body-bytes",
        metadata: ["memory_budget": "\(memoryBudget)", "max_body_bytes": "\(options.maxBodyBytes)"])
    }
    let signals = StopSignals { name, isServing in
      logger.warning(
        isServing
          ? "ends at once, with whatever is under way: a second signal to stop"
          : "ends before anything is served: a signal to stop",
        metadata: ["signal": "\(name)"])
      log.flush(seconds: 0.5)
    }
    let threads = options.threads ?? availableCores()
    let instructionSet = try selectedInstructionSet()
    let memory = MemoryBudget(limit: memoryBudget)
    if options.check { return try check(threads: threads, instructionSet, logger) }
    var configuration = serverConfiguration(reactors: threads, memory)
    let identity = try tlsIdentity()
    configuration.tls = identity
    if let identity { warnOfExpiry(of: identity, logger) }
    // Before the models are loaded, which may take long.
    try orFailure { () throws(ServerError) in
      try Server.check(configuration.address)
      if let address = options.address.admin { try Server.check(address) }
    }
    let unknownLog = try openUnknownLog(logger)
    let keys = try apiKeys()
    let (registry, changes, named) = try loadModels(instructionSet, memory, logger)
    let failures = changes.failed.sorted { $0.key < $1.key }
    try refuse(failures.filter { named.contains($0.key) }.map(\.value))
    for (key, sentence) in failures { registry.log(failure: sentence, of: key) }
    try refuse(settingsProblems(registry.models))
    var settings = serviceConfiguration(threads: threads, instructionSet, memory)
    settings.droppedLogLines = { log.droppedLines }
    settings.access = accessConfiguration(keys)
    let hasAdmin = options.address.admin != nil
    settings.unknownLog = unknownLog
    if let identity { settings.certificateExpiry = { identity.expirySeconds } }
    let service = Service(settings, registry: registry, reactors: threads + (hasAdmin ? 1 : 0), logger: logger)
    let server = try orFailure { () throws(ServerError) in
      try Server(configuration, logger: logger) { service.makeHandler($0, hasAdmin ? .publicBesideAdmin : .only) }
    }
    let admin = try orFailure { () throws(ServerError) in
      try options.address.admin.map { (address) throws(ServerError) in
        try Server(adminConfiguration(address), logger: logger) { service.makeHandler($0, .admin) }
      }
    }
    service.countConnections { server.connectionFigures }
    signals.beginServing()
    service.become(.ready)
    server.start()
    admin?.start()
    announce(server, admin, service, registry.models)
    logger.notice("listening", metadata: ["address": "\(server.url)"])
    if let admin { logger.notice("listening for the administrator", metadata: ["address": "\(admin.url)"]) }
    let manager = ServiceManager(environment: .process, logger: logger)
    manager?.tell(.ready)
    let watchdog = manager?.watch { server.haveReactorsTurned() && admin?.haveReactorsTurned() != false }
    defer { watchdog?.cancel() }

    // The main thread notices that files have changed; the registry loads and swaps models on its own queue, so that a
    // signal to stop is heeded at once.
    let signal = signals.wait(every: options.modelsScanInterval) { isHangup in
      guard isHangup else { return registry.lookForChanges() }
      logger.notice("looking at the model files again", metadata: ["signal": "SIGHUP"])
      registry.lookAgain()
      if let keys { reload(keys, logger) }
      if let identity { reload(identity, logger) }
    }
    manager?.tell(.stopping)
    registry.freeze()
    logger.notice("draining", metadata: ["signal": "\(signal)"])
    service.become(.draining)
    server.beginDraining()
    sleep(seconds: options.drainDelay)
    server.stop(grace: .seconds(options.drainTimeout))
    // The last to go: it says until then how far the end has come.
    admin?.stop(grace: .seconds(1))
    unknownLog?.flush(seconds: 5)
    logger.notice("stopped")
  }

  /// Ends the process with a line for each sentence, if there is one.
  func refuse(_ sentences: [String]) throws {
    if !sentences.isEmpty { throw Failure.usage(sentences.joined(separator: "\nradial: ")) }
  }

  private func reload(_ keys: APIKeys, _ logger: Logger) {
    do throws(APIKeys.Problem) {
      let count = try keys.reload()
      logger.notice("keys read", metadata: ["keys": .stringConvertible(count)])
    } catch {
      logger.error("the keys stay as they were: \(error)")
    }
  }

  private func orFailure<Result>(_ body: () throws(ServerError) -> Result) throws(Failure) -> Result {
    do throws(ServerError) { return try body() } catch { throw Failure(error) }
  }

  /// The flags that bound answering.
  func serviceConfiguration(
    threads: Int, _ instructionSet: InstructionSet, _ memory: MemoryBudget
  ) -> Service.Configuration {
    var configuration = Service.Configuration()
    configuration.memory = memory
    configuration.maxResponseBytes = options.maxResponseBytes
    configuration.maxQueueTime = .seconds(options.maxQueueSeconds)
    configuration.requestTimeout = .seconds(options.requestTimeout)
    configuration.dropsHalfClosed = options.halfClosed == .drop
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

  /// Bytes for all requests: what is said, or 512 MiB, or a quarter of what the cgroup grants.
  var memoryBudget: Int {
    options.memoryBudget ?? Int(min(0x1p29, (ControlGroup.memoryBytes ?? .infinity) / 4))
  }

  /// The flags that bound connections.
  func serverConfiguration(reactors: Int, _ memory: MemoryBudget) -> ServerConfiguration {
    var configuration = ServerConfiguration(
      address: options.address.listening, reactors: reactors)
    configuration.memory = memory
    configuration.maxBodyBytes = options.maxBodyBytes
    configuration.maxHeaderBytes = options.maxHeaderBytes
    configuration.refusesChunked = options.refuseChunked
    configuration.maxConnections = options.maxConnections
    configuration.headerTimeout = .seconds(options.headerTimeout)
    configuration.bodyTimeout = .seconds(options.bodyTimeout)
    configuration.idleTimeout = .seconds(options.idleTimeout)
    return configuration
  }

  /// The one line that start-up prints.
  private func announce(_ server: Server, _ admin: Server?, _ service: Service, _ models: [Model]) {
    let names = models.map { "\($0.name) version \($0.version)" }
    let models = names.isEmpty ? "no model" : names.joined(separator: ", ")
    let (instructionSet, threads) = (service.configuration.instructionSet.rawValue, service.configuration.threads)
    write(
      "radial \(radialVersion) at \(server.url), \(models), \(instructionSet), \(threads) threads"
        + (admin.map { ", admin at \($0.url)" } ?? ""), to: STDOUT_FILENO)
  }
}

/// The best instruction set, or the one that RADIAL_ISA forces.
func selectedInstructionSet() throws -> InstructionSet {
  do {
    return try InstructionSet.selected(forcing: [String: String].process["RADIAL_ISA"])
  } catch {
    throw Failure.usage("RADIAL_ISA: \(error)")
  }
}

private func sleep(seconds: Double) {
  var remaining = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
  var left = timespec()
  while nanosleep(&remaining, &left) != 0 && errno == EINTR { remaining = left }
}

import Bytes
import InferenceAPI
import Logging
import Models
import RadialEngine

extension Serve {
  /// `--check`: a line for each model and for each flag; or everything that is wrong.
  /// - Parameter threads: how many the server would have.
  func check(threads: Int, _ instructionSet: InstructionSet, _ logger: Logger) throws {
    let (registry, changes, named) = try loadModels(instructionSet, MemoryBudget(limit: memoryBudget), logger)
    let models = registry.models
    try refuse(changes.failed.sorted { $0.key < $1.key }.map(\.value))
    try refuse(settingsProblems(models))
    _ = try apiKeys()
    _ = try tlsIdentity()
    if let directory = options.unknownLog {
      do throws(FileProblem) {
        try UnknownLog.check(directory: directory)
      } catch {
        throw Failure.usage("--unknown-log: \(error)")
      }
    }
    if models.isEmpty {
      throw Failure.usage("\(options.modelsDir ?? ""): there is no model in it; see radial serve --help")
    }
    for model in models { print(Self.summary(of: model)) }
    let firstName = named.first?.name ?? models[0].name
    for (name, value) in settings(threads: threads, firstName: firstName) { print("--\(name)=\(value)") }
  }

  /// A model in one line.
  private static func summary(of model: Model) -> String {
    let network = model.network
    var parts = [
      model.kind, "input \(model.inputShape)", "\(network.parameterCount) parameters",
    ]
    if let labels = model.labels {
      parts.append("labels \(labels.prefix(3).joined(separator: ", "))\(labels.count > 3 ? ", …" : "")")
    }
    parts.append(
      model.calibration.map { "known at a false-reject rate of \($0.falseRejectRate)" }
        ?? (model.isOneClass ? "verdicts of its own" : "no calibration"))
    parts.append(model.hasSelfTest ? "self-test passed (\(model.selfTestRows) rows)" : "no self-test")
    return "\(model.name) version \(model.version): " + parts.joined(separator: ", ") + ", \(model.file.path)"
  }

  /// The flags that say how it would be served, with what they are now.
  private func settings(threads: Int, firstName: String) -> [(name: String, value: String)] {
    // Those that have no value to say "none" by are left out: what is printed is a command line.
    let given = [
      ("admin-address", options.address.adminAddress), ("api-key-file", options.apiKeyFile),
      ("path-prefix", options.address.pathPrefix), ("tls-cert", options.address.tlsCert), ("tls-key", options.tlsKey),
      ("tls-client-ca", options.tlsClientCA), ("unknown-log", options.unknownLog),
      ("unknown-log-bytes", options.unknownLog.map { _ in "\(options.unknownLogBytes)" }),
    ].compactMap { name, value in value.map { (name: name, value: $0) } }
    let repeated =
      options.corsAllowOrigin.map { (name: "cors-allow-origin", value: $0) }
      + options.allowedHost.map { (name: "allowed-host", value: $0) }
    return given + repeated + [
      ("host", options.address.host), ("port", "\(options.address.port)"), ("threads", "\(threads)"),
      ("max-batch-rows", "\(options.maxBatchRows)"), ("max-queue-seconds", "\(options.maxQueueSeconds)s"),
      ("max-queue-rows", "\(options.maxQueueRows)"),
      ("max-request-rows", "\(options.maxRequestRows)"), ("inline-budget", "\(options.inlineBudget)ms"),
      ("max-response-bytes", "\(options.maxResponseBytes)"), ("memory-budget", "\(memoryBudget)"),
      ("request-timeout", "\(options.requestTimeout)s"), ("half-closed", options.halfClosed.rawValue),
      ("max-body-bytes", "\(options.maxBodyBytes)"), ("max-header-bytes", "\(options.maxHeaderBytes)"),
      ("max-connections", "\(options.maxConnections)"), ("header-timeout", "\(options.headerTimeout)s"),
      ("body-timeout", "\(options.bodyTimeout)s"), ("idle-timeout", "\(options.idleTimeout)s"),
      ("drain-delay", "\(options.drainDelay)s"), ("drain-timeout", "\(options.drainTimeout)s"),
      ("models-scan-interval", "\(options.modelsScanInterval)s"),
      ("default-model", options.defaultModel ?? firstName),
      ("log-format", options.logFormat.rawValue), ("log-level", options.logLevel.rawValue),
    ]
  }
}

import InferenceAPI
import Logging
import Models
import RadialEngine

extension Serve {
  /// `--check`: a line for each model and for each flag; or everything that is wrong.
  func check(_ service: Service, _ instructionSet: InstructionSet) throws {
    let (_, changes, named) = try loadModels(service, instructionSet)
    try refuse(changes.failed.sorted { $0.key < $1.key }.map(\.value))
    try refuse(settingsProblems(service))
    if service.models.isEmpty {
      throw Failure.usage("\(options.modelsDir ?? ""): there is no model in it; see radial serve --help")
    }
    for model in service.models { print(Self.summary(of: model)) }
    for (name, value) in settings(service, firstName: named.first?.name) { print("--\(name)=\(value)") }
  }

  /// A model in one line.
  private static func summary(of model: Model) -> String {
    let network = model.network
    var parts = [
      network.isClassifier ? "classifier" : "regressor", "input \(model.inputShape)",
      "\(network.distanceWidth) prototypes", "\(network.parameterCount) parameters",
    ]
    if let labels = model.labels {
      parts.append("labels \(labels.prefix(3).joined(separator: ", "))\(labels.count > 3 ? ", …" : "")")
    }
    parts.append(
      model.calibration.map { "known at a false-reject rate of \($0.falseRejectRate)" } ?? "no calibration")
    parts.append(model.hasSelfTest ? "self-test passed (\(model.selfTestRows) rows)" : "no self-test")
    return "\(model.name) version \(model.version): " + parts.joined(separator: ", ") + ", \(model.file.path)"
  }

  /// The flags that say how it would be served, with what they are now.
  private func settings(_ service: Service, firstName: String?) -> [(name: String, value: String)] {
    [
      ("host", options.host), ("port", "\(options.port)"), ("threads", "\(service.configuration.threads)"),
      ("max-batch-rows", "\(options.maxBatchRows)"), ("max-queue-rows", "\(options.maxQueueRows)"),
      ("max-request-rows", "\(options.maxRequestRows)"), ("inline-budget", "\(options.inlineBudget)ms"),
      ("max-body-bytes", "\(options.maxBodyBytes)"), ("max-header-bytes", "\(options.maxHeaderBytes)"),
      ("max-connections", "\(options.maxConnections)"), ("header-timeout", "\(options.headerTimeout)s"),
      ("body-timeout", "\(options.bodyTimeout)s"), ("idle-timeout", "\(options.idleTimeout)s"),
      ("drain-delay", "\(options.drainDelay)s"), ("drain-timeout", "\(options.drainTimeout)s"),
      ("models-scan-interval", "\(options.modelsScanInterval)s"),
      ("default-model", options.defaultModel ?? firstName ?? service.models.first?.name ?? ""),
      ("log-format", options.logFormat.rawValue), ("log-level", options.logLevel.rawValue),
    ]
  }
}

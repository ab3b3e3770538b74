import ArgumentParser
import Logging

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// The flags of `radial serve`.
struct ServeOptions: ParsableArguments {
  @Option(
    name: EnvironmentDefaults.names(of: "model"), parsing: .singleValue,
    help: "A model file or a directory with one, optionally PATH=NAME; may be repeated. The first is the default model."
  )
  var model: [String] = []

  @Option(name: EnvironmentDefaults.names(of: "model-name"), help: "The name of the one --model.")
  var modelName: String?

  @Option(help: "Address to listen on; unix:PATH for a unix-domain socket.")
  var host = "127.0.0.1"

  @Option(name: EnvironmentDefaults.names(of: "port"), help: "TCP port; 0 picks a free one.")
  var port: UInt16 = 8080

  @Option(help: "Reactor threads, and cores of the compute queue. Default: the cores of the cgroup.")
  var threads: Int?

  @Option(help: "Rows of one compute-queue batch.")
  var maxBatchRows = 256

  @Option(help: "Rows that may wait for the compute queue; beyond that requests get 503.")
  var maxQueueRows = 16_384

  @Option(help: "A directory of models, NAME/VERSION/model.{safetensors,keras,h5} or NAME.{…}, watched for changes.")
  var modelsDir: String?

  @Option(help: "The model that answers when a request names none. (default: the first --model, else the first name)")
  var defaultModel: String?

  @Option(help: "Seconds between two looks at the model files; 0: only on SIGHUP.")
  var modelsScanInterval = 1.0

  @Flag(help: "Let POST /v2/repository/models/NAME/unload take a model out of service.")
  var allowUnload = false

  @Option(help: "Rows of one request.")
  var maxRequestRows = 16_384

  @Option(help: "Milliseconds that a reactor may compute at a time; costlier batches go to the compute queue.")
  var inlineBudget = 1.0

  @Option(help: "Bytes of a request body, inflated.")
  var maxBodyBytes = 16 << 20

  @Option(help: "Bytes of a request's header section.")
  var maxHeaderBytes = 8 << 10

  @Option(help: "Open connections.")
  var maxConnections = 10_000

  @Option(help: "Seconds for a header section to arrive.")
  var headerTimeout = 10.0

  @Option(help: "Seconds for a body to arrive, and for an answer to be read.")
  var bodyTimeout = 30.0

  @Option(help: "Seconds that a keep-alive connection may be idle.")
  var idleTimeout = 75.0

  @Option(help: "Seconds to go on serving after SIGTERM, not ready, so that balancers notice.")
  var drainDelay = 0.0

  @Option(help: "Seconds that requests in flight get to finish at the end.")
  var drainTimeout = 30.0

  @Option(help: "text or json.")
  var logFormat = LogFormat.text

  @Option(
    help: "trace, debug, info, notice, warning, error or critical.",
    transform: { text in
      guard let level = Logger.Level(rawValue: text) else {
        throw ValidationError("expected trace, debug, info, notice, warning, error or critical, found '\(text)'")
      }
      return level
    })
  var logLevel = Logger.Level.info

  @Flag(help: "Log one line a request.")
  var accessLog = false

  func validate() throws {
    func check(_ isValid: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !isValid { throw ValidationError("--\(name): expected \(expected), found \(found)") }
    }
    try check(threads.map { (1...1024).contains($0) } ?? true, "threads", "1 to 1024", threads ?? 0)
    try check(maxBatchRows >= 1, "max-batch-rows", "at least 1", maxBatchRows)
    try check(maxQueueRows >= 1, "max-queue-rows", "at least 1", maxQueueRows)
    try check((1...1_000_000).contains(maxRequestRows), "max-request-rows", "1 to 1000000", maxRequestRows)
    try check((0...10_000).contains(inlineBudget), "inline-budget", "0 to 10000 milliseconds", inlineBudget)
    try check((1...(1 << 30)).contains(maxBodyBytes), "max-body-bytes", "1 to 1073741824", maxBodyBytes)
    try check((256...(24 << 10)).contains(maxHeaderBytes), "max-header-bytes", "256 to 24576", maxHeaderBytes)
    try check((1...1_000_000).contains(maxConnections), "max-connections", "1 to 1000000", maxConnections)
    for (name, value) in [
      ("header-timeout", headerTimeout), ("body-timeout", bodyTimeout), ("idle-timeout", idleTimeout),
    ] {
      try check((0.1...86_400).contains(value), name, "0.1 to 86400 seconds", value)
    }
    try check(
      modelsScanInterval == 0 || (0.05...86_400).contains(modelsScanInterval), "models-scan-interval",
      "0, or 0.05 to 86400 seconds", modelsScanInterval)
    for (name, value) in [("drain-delay", drainDelay), ("drain-timeout", drainTimeout)] {
      try check((0...86_400).contains(value), name, "0 to 86400 seconds", value)
    }
  }
}

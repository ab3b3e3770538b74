import ArgumentParser
import Logging

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// What becomes of a waiting request whose client has closed its side of the connection.
enum HalfClosed: String, ExpressibleByArgument, CaseIterable {
  case answer, drop
}

/// The flags of `radial serve`. Each has its line in `EnvironmentDefaults.table`.
struct ServeOptions: ParsableArguments {
  @Argument(help: "Model files, or directories with one, as for --model; they come before those of --model.")
  var paths: [String] = []

  @Option(
    name: EnvironmentDefaults.names(of: "model"), parsing: .singleValue,
    help: "A model file or a directory with one, optionally PATH=NAME; may be repeated. The first is the default model."
  )
  var model: [String] = []

  @Option(name: EnvironmentDefaults.names(of: "model-name"), help: "The name of the one --model.")
  var modelName: String?

  @Option(help: "Names of the one model's classes, separated by commas, or a file with one a line.")
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The rate at which the one model's rows are wrongly refused, instead of the one that it was calibrated for: between 0 and 1.",
      valueName: "rate"),
    transform: Limits.rate)
  var falseRejectRate: Double?

  @Flag(help: "Load the models, test them, print what would be served, and exit: 0, or 2 with what is wrong.")
  var check = false

  @OptionGroup var address: AddressOptions

  @Option(
    help:
      "A file with a line NAME:KEY, or NAME:KEY:admin, for each key that callers may send as Authorization: Bearer KEY."
  )
  var apiKeyFile: String?

  @Option(
    parsing: .singleValue,
    help: "An origin whose pages may read answers, such as https://example.org, or * for all; may be repeated.",
    transform: { text in
      guard text == "*" || (text.contains("://") && !text.hasSuffix("/")) else {
        throw ValidationError("expected an origin such as https://example.org, without a path, or *")
      }
      return text
    })
  var corsAllowOrigin: [String] = []

  @Option(
    parsing: .singleValue,
    help:
      "A name that requests may be sent to, their Host without its port; may be repeated. Others get 421. By default any name.",
    transform: { $0.lowercased() })
  var allowedHost: [String] = []

  @Option(help: "A PEM file with the private key of --tls-cert, not encrypted.")
  var tlsKey: String?

  @Option(help: "A PEM file with authorities: clients need a certificate that one of them has signed.")
  var tlsClientCA: String?

  @Option(
    help: Limits.threads.help("Reactor threads, and cores of the compute queue, by default the cores of the cgroup"),
    transform: Limits.threads.integer)
  var threads: Int?

  @Option(help: Limits.batchRows.help("Rows of one compute-queue batch"), transform: Limits.batchRows.integer)
  var maxBatchRows = Limits.batchRows.whole

  @Option(
    help: Limits.queueSeconds.help("Work of a model that may wait, in time, beyond which requests get 503"),
    transform: Limits.queueSeconds.number)
  var maxQueueSeconds = Limits.queueSeconds.number

  @Option(
    help: Limits.queueRows.help("Rows of a model that may wait, beyond which requests get 503"),
    transform: Limits.queueRows.integer)
  var maxQueueRows = Limits.queueRows.whole

  @Option(
    help: """
      A directory of models, NAME/VERSION/model.{safetensors,keras,h5,onnx} (settings in radial.json beside it) or NAME.{…}, watched for changes.
      """)
  var modelsDir: String?

  @Option(help: "The model that answers when a request names none. (default: the first --model, else the first name)")
  var defaultModel: String?

  @Option(
    help: Limits.scanInterval.help("Time between two looks at the model files, 0 for only on SIGHUP"),
    transform: Limits.scanInterval.number)
  var modelsScanInterval = Limits.scanInterval.number

  @Flag(help: "Let POST /v2/repository/models/NAME/unload take a model out of service.")
  var allowUnload = false

  @Option(help: Limits.requestRows.help("Rows of one request"), transform: Limits.requestRows.integer)
  var maxRequestRows = Limits.requestRows.whole

  @Option(
    help: Limits.inlineBudget.help(
      "Time that a reactor may compute at once, above which batches go to the compute queue"),
    transform: Limits.inlineBudget.number)
  var inlineBudget = Limits.inlineBudget.number

  @Option(
    help: Limits.bodyBytes.help("Size of a request body, inflated; beyond it, or half the memory budget, 413"),
    transform: Limits.bodyBytes.integer)
  var maxBodyBytes = Limits.bodyBytes.whole

  @Option(
    help: Limits.responseBytes.help("Size of an answer, by what it could be at most; beyond, 413"),
    transform: Limits.responseBytes.integer)
  var maxResponseBytes = Limits.responseBytes.whole

  @Option(
    help: Limits.memory.help(
      """
      Memory for bodies, rows and answers of all requests, beyond which requests get 503; those to one model may take half of it, \
      and one that needs more gets 413. By default 512 MiB, or a quarter of the cgroup's limit where that is less
      """),
    transform: Limits.memory.integer)
  var memoryBudget: Int?

  @Option(
    help: Limits.request.help("Time that a request may wait for its rows to be computed; beyond, 504"),
    transform: Limits.request.number)
  var requestTimeout = Limits.request.number

  @Option(
    help: """
      What becomes of a waiting request whose client has said that it sends no more: answer, or drop, since a client that has left looks \
      the same.
      """)
  var halfClosed = HalfClosed.drop

  @Option(help: Limits.headerBytes.help("Size of a request's header section"), transform: Limits.headerBytes.integer)
  var maxHeaderBytes = Limits.headerBytes.whole

  @Flag(help: "Refuse bodies that come in chunks (411); for a server without a proxy in front.")
  var refuseChunked = false

  @Option(help: Limits.connections.help("Open connections"), transform: Limits.connections.integer)
  var maxConnections = Limits.connections.whole

  @Option(help: Limits.header.help("Time for a header section to arrive"), transform: Limits.header.number)
  var headerTimeout = Limits.header.number

  @Option(
    help: Limits.body.help("Time for a body to arrive, and for an answer to be read"), transform: Limits.body.number)
  var bodyTimeout = Limits.body.number

  @Option(help: Limits.idle.help("Time that a keep-alive connection may be idle"), transform: Limits.idle.number)
  var idleTimeout = Limits.idle.number

  @Option(
    help: Limits.drainDelay.help("Time to go on serving after SIGTERM, not ready, so that balancers notice"),
    transform: Limits.drainDelay.number)
  var drainDelay = Limits.drainDelay.number

  @Option(
    help: Limits.drainTimeout.help("Time that requests in flight get to finish at the end"),
    transform: Limits.drainTimeout.number)
  var drainTimeout = Limits.drainTimeout.number

  @Option(help: "text or json.")
  var logFormat = LogFormat.text

  @Option(
    help: "trace, debug, info, notice, warning, error or critical. (default: info)",
    transform: { text in
      guard let level = Logger.Level(rawValue: text) else {
        throw ValidationError("expected trace, debug, info, notice, warning, error or critical")
      }
      return level
    })
  var logLevel = Logger.Level.info

  @Flag(help: "Log one line a request.")
  var accessLog = false

  @Option(help: "A directory of this process' own, for the rows that are called unknown: to be looked at and labelled.")
  var unknownLog: String?

  @Option(
    help: Limits.unknownLogBytes.help("Size of all files of --unknown-log; the oldest go"),
    transform: Limits.unknownLogBytes.integer)
  var unknownLogBytes = Limits.unknownLogBytes.whole
}

/// What the flags may be.
enum Limits {
  static let port = Quantity(.none, 0...65_535, standard: 8080)
  static let threads = Quantity(.none, 1...1024)
  static let batchRows = Quantity(.none, 1...1_000_000, standard: 256)
  static let queueRows = Quantity(.none, 1...1_000_000_000, standard: 16_384)
  static let queueSeconds = Quantity(.seconds, 0.001...3600, standard: 1)
  static let responseBytes = Quantity(.bytes, 1024...0x1p40, standard: 0x1p28)
  static let memory = Quantity(.bytes, 0x1p20...0x1p46)
  static let request = Quantity(.seconds, 0.001...86_400, standard: 30)
  static let requestRows = Quantity(.none, 1...1_000_000, standard: 16_384)
  static let connections = Quantity(.none, 1...1_000_000, standard: 10_000)
  static let inlineBudget = Quantity(.milliseconds, 0...10_000, standard: 1)
  static let bodyBytes = Quantity(.bytes, 1...0x1p30, standard: 0x1p24)
  static let headerBytes = Quantity(.bytes, 256...24_576, standard: 8192)
  static let scanInterval = Quantity(.seconds, 0.05...86_400, standard: 1, allowsZero: true)
  static let header = Quantity(.seconds, 0.1...86_400, standard: 10)
  static let body = Quantity(.seconds, 0.1...86_400, standard: 30)
  static let idle = Quantity(.seconds, 0.1...86_400, standard: 75)
  static let drainDelay = Quantity(.seconds, 0...86_400, standard: 0)
  static let drainTimeout = Quantity(.seconds, 0...86_400, standard: 30)
  static let probe = Quantity(.seconds, 0.01...60, standard: 2)
  static let unknownLogBytes = Quantity(.bytes, 0x1p16...0x1p46, standard: 0x1p28)
  static let falseRejectRate = Quantity(.none, 0...1)

  /// A rate strictly between 0 and 1.
  static func rate(_ text: String) throws -> Double {
    let rate = try? falseRejectRate.number(text)
    guard let rate, rate > 0, rate < 1 else {
      throw ValidationError("expected a number between 0 and 1")
    }
    return rate
  }
}

extension Quantity {
  /// The default.
  var number: Double { standard ?? range.lowerBound }
  var whole: Int { Int(number) }
}

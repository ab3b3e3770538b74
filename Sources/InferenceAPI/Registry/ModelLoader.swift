import Batching
import Bytes
import Logging
package import Models
import Synchronization

/// Makes served models of files: reads, tests, warms up, measures; and counts and logs what came of it.
package final class ModelLoader: Sendable {
  /// Reads one version's files into a model, with the options of the command line.
  package typealias Read = @Sendable (ModelSource) throws(ModelError) -> Model

  /// Rows of one request.
  private let maxRequestRows: Int
  /// What all requests may take.
  private let memory: MemoryBudget
  private let logger: Logger
  /// How to prove a formula that was inferred.
  private let proofAdvice: String
  private let read: Read
  private let counted = Mutex(RegistryFigures())

  /// - Parameters:
  ///   - maxRequestRows: of one request, for the models' signatures.
  ///   - memory: of all requests.
  ///   - proofAdvice: how to prove a formula that was inferred.
  ///   - read: takes as long as the file is large.
  init(
    maxRequestRows: Int, memory: MemoryBudget, proofAdvice: String, logger: Logger, read: @escaping Read
  ) {
    self.maxRequestRows = maxRequestRows
    self.memory = memory
    self.logger = logger
    self.proofAdvice = proofAdvice
    self.read = read
  }

  /// Whose counters are whose, and how many loads there were.
  var figures: RegistryFigures { counted.withLock { $0 } }

  /// Loads one version; takes as long as reading the file and a few forward passes. A failure is counted but not
  /// logged.
  func load(_ source: ModelSource) -> LoadOutcome<ServedModel> {
    do throws(ModelError) {
      let model = try read(source)
      // A file that computes something else than it was trained to must never be served.
      try model.selfTest()
      // After the self-test, which has warmed it up; before it is served, since it decides where its batches run.
      let cost = CostModel.measure(model.network)
      let index = counted.withLock { figures in
        figures.count(loadOf: source.key.name, succeeded: true)
        return figures.index(of: model)
      }
      let served = ServedModel(model, cost: cost, metricsIndex: index, maxRows: maxRequestRows, memory: memory)
      log(loaded: served)
      return .loaded(served)
    } catch {
      counted.withLock { $0.count(loadOf: source.key.name, succeeded: false) }
      return .failed("\(error)", told: error.descriptionWithoutFolder)
    }
  }

  // MARK: The log

  /// Reports a version that could not be loaded.
  func log(failure sentence: String, of key: ModelSource.Key) {
    logger.error("model not loaded: \(sentence)", metadata: Self.metadata(key))
  }

  /// Reports a version that is no longer served.
  func log(removalOf key: ModelSource.Key) { logger.notice("model removed", metadata: Self.metadata(key)) }

  private func log(loaded served: ServedModel) {
    let (model, about) = (served.model, Self.metadata(served.key))
    logger.debug(
      "measured",
      metadata: about.merging([
        "one_row_us": "\(served.cost.nanoseconds(rows: 1) / 1000)",
        "batch_64_us": "\(served.cost.nanoseconds(rows: 64) / 1000)",
      ]) { $1 })
    logger.notice("model loaded", metadata: about)
    for note in model.notes { logger.notice("\(note)", metadata: about) }
    if let calibration = model.calibration {
      for sentence in CalibrationDescription(calibration, labels: model.labels).warnings {
        logger.notice("classes \(sentence)", metadata: about)
      }
    }
    guard let note = model.inferenceNote else { return }
    // Of formulas that were inferred: nothing more is known, or the answers were compared.
    if model.hasUnprovenFormula {
      logger.notice("\(note); \(proofAdvice)", metadata: about)
    } else if let verification = model.verification {
      logger.info("\(note); verified: \(verification)", metadata: about)
    }
  }

  private static func metadata(_ key: ModelSource.Key) -> Logger.Metadata {
    ["model": "\(key.name)", "version": "\(key.version)"]
  }
}

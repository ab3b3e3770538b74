import ArgumentParser
import Glibc
import Models
import OfflineScoring
import Predictions
import RadialEngine
import RowFiles

/// `radial predict [MODEL [FILE]]`: rows of a file → lines of predictions, through the server's own engine and encoder.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score the rows of a file: CSV, JSON, .npy, .npz or IDX, plain or gzip.",
    discussion: """
      Predictions go to the standard output, one line a row, in the rows' order. Memory is constant, however large the file.

        radial predict weights/digits.safetensors t10k-images-idx3-ubyte.gz
        radial predict weights/digits.safetensors rows.csv --keep id --label-column label -o predictions.jsonl
      """)

  @Argument(help: "A model file. Default: weights/digits.safetensors.")
  var model: String?

  @Argument(help: "A file of rows, or - for the standard input.")
  var file = "-"

  @OptionGroup var options: PredictFlags
  @Option(help: "Names of the classes, separated by commas, or a file with one a line.")
  var labels: String?

  @OptionGroup var keras: KerasOptions

  func run() throws {
    if file == "-", isatty(STDIN_FILENO) == 1 {
      throw Failure.usage("there are no rows: name a file behind the model, or pipe rows in")
    }
    let modelPath = try self.model ?? defaultModelPath()
    let model: Model
    do {
      let instructionSet = try selectedInstructionSet()
      var options = keras.loadOptions
      options.labels = try labels.map(LabelList.names)
      model = try Model.load(path: modelPath, instructionSet: instructionSet, options: options)
      try model.selfTest()
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure.usage("\(error)")
    }
    guard options.labelColumn == nil || model.isClassifier else {
      throw Failure.usage(
        "\(modelPath): is a regressor, which has no classes to compare labels with; leave --label-column out")
    }
    let inputs = [modelPath, file] + (labels.map { [$0] } ?? [])
    if options.output == nil || options.output == "-" {
      do throws(ModelError) { try OutputFile.checkStandardOutput(inputs: inputs) } catch { throw Failure(error) }
    }
    let rows: RowFile
    do throws(RowFileError) {
      rows = try RowFile(path: file, shape: model.inputShape, options: options.reading())
    } catch {
      throw Failure(error)
    }
    let encoder: OfflineEncoder
    do throws(OfflineEncoder.OptionError) {
      encoder = try OfflineEncoder(model, options.encoding(carried: rows.carried))
    } catch {
      throw Failure(error)
    }
    var output: OutputFile?
    if let path = options.output, path != "-" {
      do throws(ModelError) {
        output = try OutputFile(path: path, inputs: inputs, kind: .text, force: options.force)
      } catch {
        throw Failure(error)
      }
    }
    let countsLabels = options.labelColumn != nil
    let run = OfflineRun(
      network: model.network, rows: rows, encoder: encoder, threads: options.rows.threads ?? availableCores(),
      output: OfflineOutput(
        skipsBadRows: options.onBadRow == .skip, file: output, countsLabels: countsLabels,
        progress: options.rows.quiet ? nil : ProgressBar.onTerminal(writesToFile: output != nil),
        tell: { writeError("radial: \($0)") }),
      countsLabels: countsLabels)
    do throws(OfflineFailure) { try run.run() } catch { throw Failure(error) }
  }
}

extension Failure {
  /// Exit code 1 or 2, by whose fault it is.
  init(_ failure: OfflineFailure) {
    self = failure.isOfSystem ? .environment(failure.message) : .usage(failure.message)
  }

  /// Options of the rows' output that do not fit, in the words of the flags.
  init(_ error: OfflineEncoder.OptionError) {
    switch error {
    case .misfit(let misfit): self = .usage(misfit.description)
    case .noVerdictToChoose:
      self = .usage("--only unknown chooses rows by their verdict, and --reject off gives them none; leave one out")
    case .notForColumns:
      self = .usage("contributions, embedding, limits and top_k do not fit into columns; ask for them with JSON lines")
    case .nameTaken(let name):
      self = .usage(
        "--keep: the output has '\(name)' already; rename it in the rows, or leave it out with --skip-columns")
    case .nameTwice(let name): self = .usage("--keep: '\(name)' is named twice; name each column once")
    }
  }

  /// Exit code 1 or 2, by whose fault it is.
  init(_ error: RowFileError) {
    switch error.reason {
    case .system: self = .environment(error.description)
    case .content: self = .usage(error.description)
    }
  }
}

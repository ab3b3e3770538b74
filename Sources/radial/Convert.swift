import ArgumentParser
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial convert IN -o OUT`: a model of any form as Radial's own file.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model, of Keras, ONNX or Radial's own, as a .safetensors file.",
    discussion: "The file is read again and self-tested before it takes its place; its answers are the same bits.")

  @Argument(help: "A model file.")
  var input: String

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Option(help: "Names of the classes, separated by commas, or a file with one a line.")
  var labels: String?

  @Flag(help: "Replace a file that is no Radial file. The input is never replaced.")
  var force = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Compare with the framework's own answers first, as radial check does; when they agree, the first rows become the file's self-test.",
      valueName: "rows> <expected"))
  var check: [String] = []

  @Option(
    help: ArgumentHelp(
      "Publish these rows: the server gives them to whoever may ask for models, and its page shows them.",
      valueName: "rows"))
  var samples: String?

  @Option(
    help: ArgumentHelp(
      "The labels of --samples, one a row: numbers in any form of rows, or a text with one a line.", valueName: "file"))
  var sampleLabels: String?

  @Flag(help: "Leave out the rows that the input publishes.")
  var withoutSamples = false

  @OptionGroup var checking: CheckOptions
  @OptionGroup var keras: KerasOptions

  func validate() throws {
    guard check.isEmpty || check.count == 2 else {
      throw ValidationError(
        "--check: expected two files, ROWS and EXPECTED, found \(check.joined(separator: ", ")); write it behind the model's name"
      )
    }
    guard check.isEmpty == (checking.of == nil) else {
      throw ValidationError("--check ROWS EXPECTED and --of outputs|distances belong together; say both")
    }
    guard sampleLabels == nil || samples != nil else {
      throw ValidationError("--sample-labels are those of --samples, which names no file here; say both")
    }
    guard samples == nil || !withoutSamples else {
      throw ValidationError("--samples publishes rows and --without-samples leaves them out; say one")
    }
  }

  func run() throws {
    let names = try labels.map(LabelList.names)
    do {
      let options = keras.loadOptions
      let file = try OutputFile(
        path: output, inputs: [input] + check + [options.configurationPath, samples, sampleLabels].compactMap { $0 },
        kind: .model, force: force)
      let editor = try ModelEditor(
        input, labels: names, instructionSet: try selectedInstructionSet(), options: options)
      try verify(editor)
      if withoutSamples { editor.setSamples(nil) }
      if let samples { editor.setSamples(try readSamples(samples, editor.model)) }
      let model = try editor.write(to: file)
      print(
        "\(output): \(model.layers.count) layers, \(model.network.parameterCount) parameters, \(model.file.bytes) bytes"
      )
    } catch let error as ModelError {
      throw Failure(error)
    }
  }

  /// The rows to publish, all of a file.
  private func readSamples(_ path: String, _ model: Model) throws -> Samples {
    do {
      let file = try RowFile(path: path, shape: model.inputShape, options: checking.reading)
      let block = RowBlock(width: file.width, capacity: Samples.maximumRows)
      var inputs: [Float] = []
      while try file.cut(into: block) {
        file.parse(block)
        if let problem = block.problems.first { throw Failure.usage(problem.description) }
        inputs += UnsafeBufferPointer(start: block.rows, count: block.count * file.width)
        // The rest is too much already; how many rows there are, the file need not be read for.
        guard inputs.count / file.width <= Samples.maximumRows(file.width) else {
          throw Failure.usage(
            "\(path): has more than \(Samples.maximumRows(file.width)) rows of \(file.width) numbers, which is all that a file may publish; choose some of them"
          )
        }
      }
      return try Samples(inputs, classes: try sampleLabels.map { try classes($0, model) }, of: model)
    } catch let error as RowFileError {
      throw Failure(error)
    } catch let error as Samples.Misfit {
      throw Failure.usage("\(path): \(error)")
    }
  }

  private func classes(_ path: String, _ model: Model) throws -> [Int] {
    do {
      return try RowLabels.read(path).enumerated().map { row, label in
        guard let index = model.classIndex(ofLabel: label) else {
          throw Failure.usage(
            "\(path): label '\(label.withoutControlCharacters)' of row \(row) names none or several of the model's \(model.classCount) classes; give a class's own name or its number"
          )
        }
        return index
      }
    } catch let error as OfflineFailure {
      throw Failure(error)
    }
  }

  /// Compares the model's answers, where there is something to compare them with; throws when they differ, and then nothing is written.
  private func verify(_ editor: ModelEditor) throws {
    guard check.count == 2, let check = checking.check(rows: check[0], expected: check[1]) else { return }
    let result = try check.run(editor.model, keeping: editor.maximumSelfTestRows)
    print(check.report(result.comparison))
    try check.require(result.comparison, of: editor.model, at: input)
    let rows = result.answers.inputs.count / editor.model.network.inputWidth
    print("self-test: the first \(rows) row\(rows == 1 ? "" : "s"), with Radial's answers")
    editor.setSelfTest(result.answers)
    editor.setVerification(
      Verification(
        subject: check.subject, rows: result.comparison.rows - result.comparison.rowsWithoutProof,
        largestDeviation: result.comparison.largest?.deviation ?? 0, tolerance: check.tolerance))
  }
}

extension Failure {
  /// Exit code 1 where the system refused, 2 where the file is wrong.
  init(_ error: ModelError) {
    self = error.reason == .system ? .environment(error.description) : .usage(error.description)
  }
}

import ArgumentParser
import Models
import RadialEngine

/// `radial convert IN -o OUT`: a model of any form as Radial's own file.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model, Keras or Radial's own, as a .safetensors file.",
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
  }

  func run() throws {
    let names = try labels.map(LabelList.names)
    do {
      let options = keras.loadOptions
      let file = try OutputFile(
        path: output, inputs: [input] + check + (options.configurationPath.map { [$0] } ?? []), kind: .model,
        force: force)
      let editor = try ModelEditor(
        input, labels: names, instructionSet: try selectedInstructionSet(), options: options)
      try verify(editor)
      let model = try editor.write(to: file)
      print(
        "\(output): \(model.layers.count) layers, \(model.network.parameterCount) parameters, \(model.file.bytes) bytes"
      )
    } catch let error as ModelError {
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

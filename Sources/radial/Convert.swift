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
      let conversion = try Conversion(
        input, to: output, besides: check, labels: names, instructionSet: try selectedInstructionSet(),
        options: keras.loadOptions, force: force)
      let verified = try check.isEmpty ? nil : verified(conversion)
      let model = try conversion.commit(verified)
      print(
        "\(output): \(model.layers.count) layers, \(model.network.parameterCount) parameters, \(model.file.bytes) bytes"
      )
    } catch let error as ModelError {
      throw Failure(error)
    }
  }

  /// Compares what was written; throws when it differs, and then nothing takes the output's place.
  private func verified(_ conversion: Conversion) throws -> Conversion.Verified? {
    guard let check = checking.check(rows: check[0], expected: check[1]) else { return nil }
    let result = try check.run(conversion.model, keeping: conversion.maximumSelfTestRows)
    print(check.report(result.comparison))
    try check.require(result.comparison, of: conversion.model, at: input)
    let rows = result.inputs.count / conversion.model.network.inputWidth
    print("self-test: the first \(rows) row\(rows == 1 ? "" : "s"), with Radial's answers")
    return Conversion.Verified(
      verification: Verification(
        subject: check.subject, rows: result.comparison.rows - result.comparison.rowsWithoutProof,
        largestDeviation: result.comparison.largest?.deviation ?? 0, tolerance: check.tolerance),
      inputs: result.inputs, outputs: result.outputs, distances: result.distances)
  }
}

extension Failure {
  /// Exit code 1 where the system refused, 2 where the file is wrong.
  init(_ error: ModelError) {
    self = error.reason == .system ? .environment(error.description) : .usage(error.description)
  }
}

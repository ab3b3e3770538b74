import ArgumentParser
import Glibc
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

  @OptionGroup var keras: KerasOptions

  func run() throws {
    let model: Model
    do {
      let instructionSet = try InstructionSet.selected(forcing: [String: String].process["RADIAL_ISA"])
      model = try Model.convert(
        input, to: output, labels: try labels.map(LabelList.names), instructionSet: instructionSet,
        options: keras.loadOptions, force: force)
    } catch let error as Failure {
      throw error
    } catch let error as ModelError {
      throw Failure(error)
    } catch {
      throw Failure.usage("\(error)")
    }
    let parameters = model.network.parameterCount
    print("\(output): \(model.layers.count) layers, \(parameters) parameters, \(model.file.bytes) bytes")
  }
}

extension Failure {
  init(_ error: ModelError) {
    self = error.reason == .system ? .environment(error.description) : .usage(error.description)
  }
}

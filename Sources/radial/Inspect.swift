import ArgumentParser
import Glibc
import Models
import RadialEngine

/// `radial inspect FILE`: the layer table, calibration and self-test result.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print a model's layers, calibration and self-test result.")

  @Argument(help: "A model file.")
  var file: String

  func run() throws {
    let model: Model
    do {
      let instructionSet = try InstructionSet.selected(forcing: [String: String].process["RADIAL_ISA"])
      model = try Model.load(path: file, instructionSet: instructionSet)
    } catch {
      throw Failure.usage("\(error)")
    }
    print(model.summary())
    do {
      try model.selfTest()
      print(
        model.hasSelfTest
          ? "Self-test: passed, \(model.selfTestRows) rows on \(model.network.instructionSet.rawValue)"
          : "Self-test: the file carries none")
    } catch {
      print("Self-test: FAILED")
      throw Failure.usage("\(error)")
    }
  }
}

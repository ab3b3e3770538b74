import ArgumentParser
import Models
import RadialEngine

/// What the user may add to a Keras file, for every command that opens models.
struct KerasOptions: ParsableArguments {
  private static let forms =
    RBFForm.allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or "
    + RBFForm.normalizedGaussianSigma.rawValue

  @Option(
    help: ArgumentHelp(
      "Which way an RBF layer's square matrix lies in a Keras file: features_units or units_features.",
      valueName: "layout"),
    transform: { text in
      guard let layout = RBF.CentersLayout(rawValue: text) else {
        throw ValidationError("expected features_units or units_features, found '\(text)'")
      }
      return layout
    })
  var rbfLayout: RBF.CentersLayout?

  @Option(
    help: ArgumentHelp(
      "What the layers of a Keras file compute whose classes are not Keras' own: \(Self.forms). The page 'RBF layers' of the documentation has the formulas.",
      valueName: "form"),
    transform: { text in
      guard let form = RBFForm(rawValue: text) else { throw ValidationError("expected \(Self.forms), found '\(text)'") }
      return form
    })
  var rbfForm: RBFForm?

  @Option(help: "Gamma of the RBF layers in a Keras file that have none among their weights, a positive number.")
  var gamma: Double?

  @Option(
    help: ArgumentHelp(
      "The network's configuration, as model.to_json() returned it, for a file of Keras' weights alone.",
      valueName: "file"))
  var config: String?

  func validate() throws {
    if let gamma, !(Float(gamma) > 0 && Float(gamma).isFinite) {
      throw ValidationError("--gamma: expected a positive number that Float32 holds, found \(gamma)")
    }
  }

  var loadOptions: LoadOptions {
    LoadOptions(rbfLayout: rbfLayout, gamma: gamma, rbfForm: rbfForm, configurationPath: config)
  }
}

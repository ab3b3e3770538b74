import ArgumentParser
import Models
import RadialEngine

/// What the user may add to a Keras file, for every command that opens models.
struct KerasOptions: ParsableArguments {
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

  @Option(help: "Gamma of the RBF layers in a Keras file that have none among their weights.")
  var gamma: Double?

  @Option(
    help: ArgumentHelp(
      "The network's configuration, as model.to_json() returned it, for a file of Keras' weights alone.",
      valueName: "file"))
  var config: String?

  func validate() throws {
    if let gamma, !(gamma > 0 && Float(gamma).isFinite) {
      throw ValidationError("--gamma: expected a positive number, found \(gamma)")
    }
  }

  var loadOptions: LoadOptions { LoadOptions(rbfLayout: rbfLayout, gamma: gamma, configurationPath: config) }
}

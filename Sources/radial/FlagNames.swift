/// How to prove a formula that was inferred.
let proofAdvice =
  "no file can say more; prove it with radial check MODEL ROWS EXPECTED --of outputs, EXPECTED the framework's own answers"

extension String {
  /// Options in backquotes, as the targets below name them, as flags: `rbf_form` becomes --rbf-form.
  var withFlags: String {
    replacing(/`([a-z_]+)`/) { match in
      Self.options.contains(String(match.1)) ? "--" + match.1.replacing("_", with: "-") : String(match.0)
    }
  }

  /// The options that the errors of the targets below name.
  private static let options: Set = [
    "array", "config", "false_reject_rate", "force", "gamma", "header", "input_format", "keep", "label_column",
    "labels",
    "model", "model_name", "rbf_form", "rbf_layout", "skip_columns",
  ]
}

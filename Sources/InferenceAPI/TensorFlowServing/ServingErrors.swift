import Models

// What TensorFlow Serving's routes refuse, beside what every route does.
extension APIError {
  /// 400: a `signature_name` that no model has, or that is not for classify.
  static func unknownSignature(of served: ServedModel) -> APIError {
    let names = ServingSignature.allCases.filter(served.hasSignature).map(\.rawValue)
    let list = names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    return APIError(
      400,
      "this signature_name is not one of model '\(served.model.name)', or has no such method; expected \(list) to predict, "
        + "serving_default to classify")
  }

  /// 400: a regressor has no classes.
  static func cannotClassify(_ model: String) -> APIError {
    APIError(400, "model '\(model)' is a regressor and has no classes; send the rows to :predict")
  }

  /// 400 to every body.
  static func cannotRegress(_ model: String) -> APIError {
    APIError(
      400, "model '\(model)' does not regress: that method is for models of one output; send the rows to :predict")
  }

  /// 400 to every body; with what explains a distance here.
  static func cannotExplain(_ model: String) -> APIError {
    APIError(
      400,
      "model '\(model)' has no explainer; POST /models/\(model)/predict with \"outputs\":[\"contributions\"] says what makes each distance"
    )
  }
}

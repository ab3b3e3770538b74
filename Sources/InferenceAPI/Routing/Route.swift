import HTTPServer

/// Every path that Radial answers.
enum Route: Equatable, Sendable {
  case root, livez, readyz, healthz, metrics, models, openAPI
  case model(ModelReference)
  case predict(ModelReference)
  case distances(ModelReference)
  /// `/v2/…`
  case openInference(OpenInferenceRoute)
  /// `/v1/…`
  case serving(ServingRoute)

  /// Whether it is asked by POST; all others by GET or HEAD.
  private var takesPost: Bool {
    switch self {
    case .predict, .distances: true
    case .root, .livez, .readyz, .healthz, .metrics, .models, .openAPI, .model: false
    case .openInference(let route): route.takesPost
    case .serving(let route): route.takesPost
    }
  }

  /// The methods that the route allows, as `Allow` lists them.
  var allowedMethods: StaticString { takesPost ? "POST" : "GET, HEAD" }

  /// Whether `method` may be used here.
  func allows(_ method: HTTPMethod) -> Bool { takesPost ? method == .post : method == .get || method == .head }

  /// The value of the metric label `route`.
  var label: RouteLabel {
    switch self {
    case .root: .root
    case .livez: .livez
    case .readyz: .readyz
    case .healthz: .healthz
    case .metrics: .metrics
    case .models: .models
    case .openAPI: .openAPI
    case .model: .model
    case .predict: .predict
    case .distances: .distances
    case .openInference(let route): route.label
    case .serving(let route): route.label
    }
  }

  /// The route of a path, without its query; nil: there is none. A slash behind it makes no other path.
  init?(path: String) {
    if path.utf8.last == 0x2f, path.utf8.count > 2 {
      self.init(exactly: path.dropLast())
    } else {
      self.init(exactly: path[...])
    }
  }

  private init?(exactly path: Substring) {
    switch path {
    case "/predict": self = .predict(ModelReference())
    case "/distances": self = .distances(ModelReference())
    case "/model": self = .model(ModelReference())
    case "/models": self = .models
    case "/livez": self = .livez
    case "/readyz": self = .readyz
    case "/healthz": self = .healthz
    case "/metrics": self = .metrics
    case "/openapi.json": self = .openAPI
    case "/": self = .root
    default:
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count >= 2, parts[0].isEmpty else { return nil }
      let route: Route? =
        switch parts[1] {
        case "models": Self.underModels(parts[2...])
        case "v2": OpenInferenceRoute(parts[2...]).map(Route.openInference)
        case "v1": ServingRoute(parts[2...]).map(Route.serving)
        default: nil
        }
      guard let route else { return nil }
      self = route
    }
  }

  /// `/models/NAME[/versions/V][/predict|/distances]`
  private static func underModels(_ parts: ArraySlice<Substring>) -> Route? {
    var rest = parts
    guard let reference = ModelReference(takingFrom: &rest) else { return nil }
    return switch Array(rest) {
    case []: .model(reference)
    case ["predict"]: .predict(reference)
    case ["distances"]: .distances(reference)
    default: nil
    }
  }
}

import HTTPServer

/// Which model a request names: none is the default model, no version is the highest.
struct ModelReference: Equatable, Sendable {
  var name: String?
  var version: Int?
}

/// Every path that Radial answers.
enum Route: Equatable, Sendable {
  case root, livez, readyz, healthz, metrics, models
  case model(ModelReference)
  case predict(ModelReference)
  case distances(ModelReference)

  /// The methods that the route allows, as `Allow` lists them.
  var allowedMethods: StaticString {
    switch self {
    case .predict, .distances: "POST"
    case .root, .livez, .readyz, .healthz, .metrics, .models, .model: "GET, HEAD"
    }
  }

  /// Whether `method` may be used here.
  func allows(_ method: Exchange.Method) -> Bool {
    switch self {
    case .predict, .distances: method == .post
    case .root, .livez, .readyz, .healthz, .metrics, .models, .model: method == .get || method == .head
    }
  }

  /// The value of the metric label `route`.
  var label: RouteLabel {
    switch self {
    case .root: .root
    case .livez: .livez
    case .readyz: .readyz
    case .healthz: .healthz
    case .metrics: .metrics
    case .models: .models
    case .model: .model
    case .predict: .predict
    case .distances: .distances
    }
  }

  /// The route of a path, without its query; nil: there is none.
  init?(path: String) {
    switch path {
    case "/predict": self = .predict(ModelReference())
    case "/distances": self = .distances(ModelReference())
    case "/model": self = .model(ModelReference())
    case "/models": self = .models
    case "/livez": self = .livez
    case "/readyz": self = .readyz
    case "/healthz": self = .healthz
    case "/metrics": self = .metrics
    case "/": self = .root
    default:
      guard let route = Self.underModels(path) else { return nil }
      self = route
    }
  }

  /// `/models/NAME[/versions/V][/predict|/distances]`
  private static func underModels(_ path: String) -> Route? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0].isEmpty, parts[1] == "models", !parts[2].isEmpty else { return nil }
    var reference = ModelReference(name: String(parts[2]))
    var rest = parts[3...]
    if rest.first == "versions" {
      guard let text = rest.dropFirst().first, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        text.first != "0", let version = Int(text)
      else { return nil }
      reference.version = version
      rest = rest.dropFirst(2)
    }
    switch Array(rest) {
    case []: return .model(reference)
    case ["predict"]: return .predict(reference)
    case ["distances"]: return .distances(reference)
    default: return nil
    }
  }
}

/// The values of the metric label `route`. `unknown` is a path that is no route; `refused` never reached routing.
enum RouteLabel: Int, CaseIterable, Sendable {
  case root, livez, readyz, healthz, metrics, models, model, predict, distances, unknown, refused

  var text: String {
    switch self {
    case .root: "/"
    case .livez, .readyz, .healthz, .metrics, .models, .model, .predict, .distances: "/\(self)"
    case .unknown, .refused: "\(self)"
    }
  }
}

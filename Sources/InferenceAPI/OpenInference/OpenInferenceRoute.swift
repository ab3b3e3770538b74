/// The routes of the Open Inference Protocol, version 2, with Triton's extensions: `/v2/…`
enum OpenInferenceRoute: Equatable, Sendable {
  case server, live, ready, models, statistics
  case model(ModelReference)
  case modelReady(ModelReference)
  case config(ModelReference)
  case modelStatistics(ModelReference)
  case infer(ModelReference)
  case repositoryIndex
  case load(String)
  case unload(String)

  var takesPost: Bool {
    switch self {
    case .infer, .repositoryIndex, .load, .unload: true
    case .server, .live, .ready, .models, .statistics, .model, .modelReady, .config, .modelStatistics: false
    }
  }

  var label: RouteLabel {
    switch self {
    case .server: .v2
    case .live: .v2Live
    case .ready: .v2Ready
    case .models: .v2Models
    case .statistics: .v2Statistics
    case .model: .v2Model
    case .modelReady: .v2ModelReady
    case .config: .v2Config
    case .modelStatistics: .v2ModelStatistics
    case .infer: .v2Infer
    case .repositoryIndex: .v2RepositoryIndex
    case .load: .v2Load
    case .unload: .v2Unload
    }
  }

  /// - Parameter parts: the segments behind `/v2`.
  init?(_ parts: ArraySlice<Substring>) {
    switch Array(parts) {
    case []: self = .server
    case ["health", "live"]: self = .live
    case ["health", "ready"]: self = .ready
    case ["models"]: self = .models
    // So the model called stats, if there is one, has no metadata here.
    case ["models", "stats"]: self = .statistics
    case ["repository", "index"]: self = .repositoryIndex
    case let path where path.count == 4 && path[0] == "repository" && path[1] == "models" && !path[2].isEmpty:
      switch path[3] {
      case "load": self = .load(String(path[2]))
      case "unload": self = .unload(String(path[2]))
      default: return nil
      }
    default:
      guard parts.first == "models" else { return nil }
      var rest = parts.dropFirst()
      guard let reference = ModelReference(takingFrom: &rest) else { return nil }
      switch Array(rest) {
      case []: self = .model(reference)
      case ["ready"]: self = .modelReady(reference)
      case ["config"]: self = .config(reference)
      case ["stats"]: self = .modelStatistics(reference)
      case ["infer"]: self = .infer(reference)
      default: return nil
      }
    }
  }
}

/// The values of the metric label `route`. `unknown` is a path that is no route; `refused` never reached routing.
enum RouteLabel: Int, CaseIterable, Sendable {
  case root, livez, readyz, healthz, metrics, models, openAPI, model, predict, distances
  case v2, v2Live, v2Ready, v2Models, v2Statistics
  case v2Model, v2ModelReady, v2Config, v2ModelStatistics, v2Infer
  case v2RepositoryIndex, v2Load, v2Unload
  case v1Models, v1Status, v1Metadata, v1Predict, v1Classify, v1Regress, v1Explain
  case unknown, refused

  var text: String {
    switch self {
    case .root: "/"
    case .livez, .readyz, .healthz, .metrics, .models, .model, .predict, .distances, .v2: "/\(self)"
    case .openAPI: "/openapi.json"
    case .v2Live: "/v2/health/live"
    case .v2Ready: "/v2/health/ready"
    case .v2Models: "/v2/models"
    case .v2Statistics: "/v2/models/stats"
    case .v2Model: "/v2/models/{model}"
    case .v2ModelReady: "/v2/models/{model}/ready"
    case .v2Config: "/v2/models/{model}/config"
    case .v2ModelStatistics: "/v2/models/{model}/stats"
    case .v2Infer: "/v2/models/{model}/infer"
    case .v2RepositoryIndex: "/v2/repository/index"
    case .v2Load: "/v2/repository/models/{model}/load"
    case .v2Unload: "/v2/repository/models/{model}/unload"
    case .v1Models: "/v1/models"
    case .v1Status: "/v1/models/{model}"
    case .v1Metadata: "/v1/models/{model}/metadata"
    case .v1Predict: "/v1/models/{model}:predict"
    case .v1Classify: "/v1/models/{model}:classify"
    case .v1Regress: "/v1/models/{model}:regress"
    case .v1Explain: "/v1/models/{model}:explain"
    case .unknown, .refused: "\(self)"
    }
  }
}

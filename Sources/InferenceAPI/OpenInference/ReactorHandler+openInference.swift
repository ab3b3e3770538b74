import HTTPServer
import Models

extension ReactorHandler {
  /// A request to `/v2`.
  func receive(_ exchange: any HTTPExchange, _ route: OpenInferenceRoute) throws(APIError) {
    switch route {
    case .server: answer(exchange, route.label, text: service.openInferenceServer)
    case .live: answer(exchange, route.label, text: #"{"live":true}"#)
    case .ready:
      try requireReadiness()
      answer(exchange, route.label, text: #"{"ready":true,"live":true}"#)
    case .models: answer(exchange, route.label, text: catalog.names)
    case .statistics: answer(exchange, route.label, text: service.openInferenceStatistics(catalog.all))
    case .model(let reference):
      let served = try catalog.served(reference)
      answer(
        exchange, route.label,
        text: served.openInferenceMetadata(versions: try catalog.versions(reference).map(\.key.version)))
    case .modelReady(let reference):
      let served = try catalog.served(reference)
      try requireReadiness()
      answer(exchange, route.label, text: "{\"name\":\(JSONWriter.quoted(served.key.name)),\"ready\":true}")
    case .config(let reference): answer(exchange, route.label, text: try catalog.served(reference).openInferenceConfig)
    case .modelStatistics(let reference):
      answer(exchange, route.label, text: service.openInferenceStatistics(try catalog.versions(reference)))
    case .infer(let reference):
      try admit(exchange, route.label, catalog.served(reference)) { served, batch throws(APIError) in
        let (request, rows) = try reader.infer(exchange, served, into: batch)
        return (.infer(request), rows)
      }
    case .repositoryIndex:
      answer(exchange, route.label, text: catalog.index(onlyReady: try reader.repository(exchange).isOnlyReady))
    case .load(let name):
      guard try !reader.repository(exchange).hasOverride else { throw .overrideRefused(name) }
      exchange.place = .repository
      repositoryRequests.load(name, exchange)
    case .unload(let name):
      _ = try reader.repository(exchange)
      if let error = repositoryRequests.unload(name) { throw error }
      answer(exchange, route.label, text: "")
    }
  }
}

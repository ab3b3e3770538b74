import HTTPServer
import Models

extension ReactorHandler {
  /// A request to `/v1`.
  func receive(_ exchange: any HTTPExchange, _ route: ServingRoute) throws(APIError) {
    switch route {
    case .models: answer(exchange, route.label, text: catalog.names)
    case .status(let reference):
      let versions = try catalog.versions(reference)
      try requireReadiness()
      answer(exchange, route.label, text: catalog.servingStatus(versions[0].key.name, versions))
    case .metadata(let reference): answer(exchange, route.label, text: try catalog.served(reference).servingMetadata)
    case .predict(let reference): try admitServing(exchange, reference, isClassify: false)
    case .classify(let reference): try admitServing(exchange, reference, isClassify: true)
    case .regress(let reference): throw .cannotRegress(model: try catalog.served(reference).key.name)
    case .explain(let reference): throw .cannotExplain(model: try catalog.served(reference).key.name)
    }
  }

  private func admitServing(_ exchange: any HTTPExchange, _ reference: ModelReference, isClassify: Bool)
    throws(APIError)
  {
    let served: ServedModel
    do throws(APIError) {
      served = try catalog.served(reference)
    } catch {
      try reader.check(exchange)
      throw error
    }
    try admit(exchange, isClassify ? .v1Classify : .v1Predict, served) { served, batch throws(APIError) in
      let (request, rows) = try reader.serving(exchange, served, into: batch, isClassify: isClassify)
      return (.serve(request), rows)
    }
  }
}

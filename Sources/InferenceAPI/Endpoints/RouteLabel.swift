/// A value of the metric label `route`: that of an endpoint, or of requests that reach none.
struct RouteLabel: Hashable, Sendable {
  /// Of its counters.
  let index: Int

  /// How many there are.
  static let count = EndpointTable.all.count + 2
  /// A path that is no route.
  static let unknown = RouteLabel(index: EndpointTable.all.count)
  /// What the server refused before it was routed.
  static let refused = RouteLabel(index: EndpointTable.all.count + 1)

  /// Every value, the endpoints' in the table's order.
  static var all: [RouteLabel] { (0..<count).map(RouteLabel.init(index:)) }

  var text: String {
    switch self {
    case .unknown: "unknown"
    case .refused: "refused"
    default: EndpointTable.all[index].label
    }
  }
}

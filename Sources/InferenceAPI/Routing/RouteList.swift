/// The routes of each protocol in words, for the refusal of a path that is none.
enum RouteList {
  /// The routes of the protocol below whose prefix `path` lies: those of `/v1`, of `/v2`, or the native ones.
  static func near(_ path: String) -> String {
    for (prefix, routes) in protocols where path == prefix || path.hasPrefix(prefix + "/") { return routes }
    return native
  }

  private static let protocols = ["/v1", "/v2"].map { prefix in
    (prefix, words { $0 == prefix || $0.hasPrefix(prefix + "/") })
  }
  private static let native = words { path in !protocols.contains { path.hasPrefix($0.0) } }

  /// `GET …, …; POST …, …`: every documented path that names a model by its name alone, and is not refused whatever is sent.
  private static func words(_ isMember: (String) -> Bool) -> String {
    let operations = OpenAPIDocument.operations.filter { operation in
      if case .none = operation.answer { return false }
      let isShortest = operation.path == "/" || !operation.path.hasSuffix("/")
      return isShortest && isMember(operation.path) && !operation.path.contains("{version}")
        && !operation.path.contains("{label}")
    }
    return [OpenAPIOperation.Method.get, .post].map { method in
      method.rawValue.uppercased() + " "
        + operations.filter { $0.method == method }.map { $0.path.replacing("{model}", with: "NAME") }
        .joined(separator: ", ")
    }.joined(separator: "; ")
  }
}

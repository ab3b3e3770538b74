/// Every operation of the API.
enum EndpointTable {
  /// The operations of all protocols. One path has one operation: the first whose template fits.
  static let all = NativeEndpoints.all + OpenInferenceEndpoints.all + ServingEndpoints.all

  /// The route of a path, percent-decoded and without its query; nil: there is none. A slash behind a path makes no other one.
  static func route(_ path: String) -> Route? {
    guard path.utf8.first == 0x2f else { return nil }
    // Clients and proxies add slashes; two of them are another path, as everywhere.
    let segments = PathTemplate.segments(
      of: path.utf8.last == 0x2f && path.utf8.count > 2 ? path.dropLast() : path[...])
    // Longer than any template: not even compared.
    guard segments.count < templates.count else { return nil }
    for (template, index) in templates[segments.count] {
      guard let reference = template.match(segments) else { continue }
      return Route(all[index], RouteLabel(index: index), reference)
    }
    return nil
  }

  /// By the number of their segments, those without captures first, so that a literal goes before a model of its name.
  private static let templates: [[(template: PathTemplate, endpoint: Int)]] = {
    let listed = all.enumerated().flatMap { index, endpoint in endpoint.templates.map { ($0, index) } }
    return (0...(listed.map(\.0.count).max() ?? 0)).map { count in
      let own = listed.filter { $0.0.count == count }
      // By what they are and not by their place in the table, so that no entry has to stand before another.
      return own.filter(\.0.isLiteral) + own.filter { !$0.0.isLiteral }
    }
  }()

  // MARK: In words

  /// The operations of the protocol below whose prefix `path` lies, for the refusal of a path that is none: those of `/v1`, of `/v2`, or
  /// the native ones.
  static func words(near path: String) -> String {
    // Whoever mistypes a path of one protocol has no use for the others' paths.
    let near = prefixes.first { path == $0 || path.hasPrefix($0 + "/") }
    return words { template in prefixes.first { template == $0 || template.hasPrefix($0 + "/") } == near }
  }

  private static let prefixes = ["/v1", "/v2"]

  /// `GET …, …; POST …, …`: every path that names a model by its name alone, of operations that do not refuse every body.
  private static func words(_ isMember: (String) -> Bool) -> String {
    [Endpoint.Method.get, .post].map { method in
      let paths = all.filter { $0.method == method && !$0.isRefused }.flatMap(\.templates).map(\.text).filter {
        isMember($0) && !$0.contains("{version}") && !$0.contains("{label}")
      }
      return method.rawValue.uppercased() + " "
        + paths.map { $0.replacing("{model}", with: "NAME") }.joined(separator: ", ")
    }.joined(separator: "; ")
  }
}

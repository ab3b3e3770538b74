import Bytes
import HTTPServer

/// Who may ask for what on one listener, and what browsers of other origins may.
package struct Gate: Sendable {
  /// What is asked of callers; by default nothing.
  package struct Configuration: Sendable {
    /// nil: nobody needs a key.
    package var keys: APIKeys?
    /// Origins whose pages may read answers, such as `https://example.org`; `*`: all.
    package var allowedOrigins: [String] = []
    /// Names that may be asked, without a port, in lower case; empty: any.
    package var allowedHosts: [String] = []
    /// What every path begins with, such as `/radial`; empty: nothing.
    package var pathPrefix = ""

    package init() {}
  }

  private let configuration: Configuration
  private let listener: Listener
  /// Whether there is nothing to check: the usual case, which costs nothing.
  private let isOpen: Bool

  init(_ configuration: Configuration, _ listener: Listener) {
    (self.configuration, self.listener) = (configuration, listener)
    isOpen = configuration.keys == nil && configuration.allowedHosts.isEmpty && listener == .only
  }

  // MARK: Paths

  /// What every path begins with on this listener; empty: nothing.
  var prefix: String { listener == .admin ? "" : configuration.pathPrefix }

  /// A path without the prefix; nil: it does not begin with it.
  func path(_ path: String) -> String? {
    let prefix = prefix
    guard !prefix.isEmpty else { return path }
    guard path.hasPrefix(prefix) else { return nil }
    let rest = path.dropFirst(prefix.count)
    return rest.isEmpty ? "/" : rest.hasPrefix("/") ? String(rest) : nil
  }

  // MARK: Callers

  /// Refuses a method that the endpoint has not, and a caller who may not ask for this, here.
  /// - Returns: who the caller is; nil: nobody was asked.
  @discardableResult
  func check(_ request: any HTTPRequest, _ endpoint: Endpoint) throws(APIError) -> APIKeys.Holder? {
    guard endpoint.method.includes(request.method) else { throw .methodNotAllowed(endpoint) }
    if endpoint.purpose == .repositoryChange { try refuseForeignPages(request) }
    if isOpen { return nil }
    guard endpoint.purpose.isOffered(on: listener) else { throw .elsewhere(endpoint, listener) }
    guard endpoint.purpose.need != .nothing else { return nil }
    try checkHost(request)
    guard let keys = configuration.keys else { return nil }
    guard let holder = Self.secret(of: request).flatMap({ keys.holder(of: $0.utf8) }) else { throw .keyNeeded }
    guard endpoint.purpose.need == .key || holder.isAdmin else { throw .adminKeyNeeded(holder.name) }
    return holder
  }

  /// Who a caller is, for the log; nil: nobody that is known.
  func holder(of request: any HTTPRequest) -> APIKeys.Holder? {
    guard let keys = configuration.keys else { return nil }
    return Self.secret(of: request).flatMap { keys.holder(of: $0.utf8) }
  }

  /// What stands behind `Bearer` in `Authorization` (RFC 6750 2.1).
  private static func secret(of request: any HTTPRequest) -> Substring? {
    guard let header = request.header("Authorization"), let blank = header.firstIndex(of: " "),
      header[..<blank].lowercased() == "bearer"
    else { return nil }
    return header[blank...].drop { $0 == " " }.prefix { $0 != " " }
  }

  private func checkHost(_ request: any HTTPRequest) throws(APIError) {
    guard !configuration.allowedHosts.isEmpty, listener != .admin else { return }
    let host = Self.name(ofHost: request.host ?? "")
    guard configuration.allowedHosts.contains(host) else { throw .misdirected(host) }
  }

  /// `Host` without its port, in lower case.
  static func name(ofHost host: String) -> String {
    let host = host.lowercased().prefix { $0 != " " && $0 != "\t" }
    // An address of version 6 stands in brackets (RFC 3986 3.2.2).
    guard host.hasPrefix("[") else { return String(host.prefix { $0 != ":" }) }
    return String(host.prefix { $0 != "]" }) + "]"
  }

  // MARK: Browsers

  /// A page of somebody else's must not change what is served: browsers send such requests without asking.
  private func refuseForeignPages(_ request: any HTTPRequest) throws(APIError) {
    if request.header("Sec-Fetch-Site") == "cross-site" { throw .foreignPage }
    guard let origin = request.header("Origin"), !configuration.allowedOrigins.contains(origin) else { return }
    // ORIGIN is SCHEME://HOST[:PORT] (RFC 6454 6.1).
    let host = origin.firstRange(of: "://").map { String(origin[$0.upperBound...]) }
    guard host?.lowercased() == request.host?.lowercased() else { throw .foreignPage }
  }

  /// The origin whose pages may read the answer; nil: none beside its own.
  private func allowedOrigin(_ request: any HTTPRequest) -> String? {
    guard !configuration.allowedOrigins.isEmpty, let origin = request.header("Origin") else { return nil }
    if configuration.allowedOrigins.contains(origin) { return origin }
    return configuration.allowedOrigins.contains("*") ? "*" : nil
  }

  /// Whether answers differ by the caller's origin.
  var looksAtOrigins: Bool { !configuration.allowedOrigins.isEmpty }

  /// What an answer says to browsers of other origins (Fetch standard, "CORS protocol").
  func headers(for request: any HTTPRequest) -> [(StaticString, String)] {
    let vary: [(StaticString, String)] = [("Vary", "Origin")]
    guard let origin = allowedOrigin(request) else { return vary }
    return vary + [
      ("Access-Control-Allow-Origin", origin),
      ("Access-Control-Expose-Headers", "Inference-Header-Content-Length, Retry-After, X-Request-ID"),
    ]
  }

  /// The headers of the answer to a browser that asks whether it may send a request; nil: it does not ask, or may not.
  func preflight(_ request: any HTTPRequest, _ endpoint: Endpoint) -> [(StaticString, String)]? {
    guard request.method == .options, request.header("Access-Control-Request-Method") != nil,
      allowedOrigin(request) != nil
    else { return nil }
    return headers(for: request) + [
      ("Access-Control-Allow-Methods", "\(endpoint.method.allow)"),
      (
        "Access-Control-Allow-Headers",
        "Authorization, Content-Encoding, Content-Type, Inference-Header-Content-Length, X-Request-ID, X-Request-Timeout-Ms"
      ),
      ("Access-Control-Max-Age", "600"),
    ]
  }
}

// What callers are refused for who they are, or where they ask.
extension APIError {
  /// 401, with `WWW-Authenticate` (RFC 9110 11.6.1).
  static var keyNeeded: APIError {
    var error = APIError(401, "a key is needed that the server knows; send it as Authorization: Bearer KEY")
    error.headers = [("WWW-Authenticate", "Bearer")]
    error.reason = .unauthorized
    return error
  }

  /// 403: a key that is no admin's.
  static func adminKeyNeeded(_ name: String) -> APIError {
    forbidden("the key of '\(name)' may not load or unload models; use one that is marked admin")
  }

  /// 403: a page of another origin would change what is served.
  static var foreignPage: APIError {
    forbidden("a page of another origin may not load or unload models; ask from a program")
  }

  /// An operation that another listener has.
  static func elsewhere(_ endpoint: Endpoint, _ listener: Listener) -> APIError {
    listener == .admin
      ? APIError(404, "\(endpoint.label) is not served at the admin address; ask at the public one")
      : forbidden("\(endpoint.label) is served at the admin address alone; ask there")
  }

  /// 421 (RFC 9110 15.5.20).
  static func misdirected(_ host: String) -> APIError {
    var error = APIError(
      421, "the host '\(host.prefix(128))' is not served here; ask for a name that is")
    error.reason = .forbidden
    return error
  }

  private static func forbidden(_ message: String) -> APIError {
    var error = APIError(403, message)
    error.reason = .forbidden
    return error
  }
}

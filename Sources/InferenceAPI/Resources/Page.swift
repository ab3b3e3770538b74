import HTTPServer

/// `GET /` for a browser: draw a digit, or paste a row, and see how far it is from every class. One page, nothing loaded from elsewhere.
enum Page {
  static let response = FixedResponse(
    status: 200, contentType: "text/html; charset=utf-8",
    body: String(decoding: PackageResources.page_html, as: UTF8.self),
    headers: [
      ("Vary", "Accept"),
      (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      ),
    ])

  /// Whether a client wants the page rather than JSON, by its `Accept` (RFC 9110 12.5.1): only one that names text/html, and nothing of
  /// JSON above it.
  static func isPreferred(accept: String) -> Bool {
    let items = weightedItems(accept)
    func weight(_ type: String) -> Double { items.first { $0.name == type }?.weight ?? 0 }
    return weight("text/html") > weight("application/json")
  }
}

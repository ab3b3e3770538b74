import HTTPServer
import Models

/// One operation of the API: where it is, how it is asked for, and what it does. The only place that says so: the router, `Allow`, the
/// metrics' label and the check of the OpenAPI document read it here.
struct Endpoint: Sendable {
  /// How an operation is asked for.
  enum Method: String, Sendable {
    /// By GET, or by HEAD for the header section alone.
    case get
    case post

    /// As `Allow` lists it (RFC 9110 10.2.1).
    var allow: StaticString { self == .get ? "GET, HEAD" : "POST" }

    func includes(_ method: HTTPMethod) -> Bool {
      switch self {
      case .get: method == .get || method == .head
      case .post: method == .post
      }
    }
  }

  /// What an operation does.
  enum Action: Sendable {
    /// Answers at once, from what is known.
    case document(@Sendable (Inquiry) throws(APIError) -> Document)
    /// Answers once a model has computed the rows of the body.
    case rows(RowsDecoder)
    /// Answers once the model that it names was loaded; an empty answer.
    case load(@Sendable (Inquiry) throws(APIError) -> String)

    fileprivate var usualPurpose: Purpose {
      switch self {
      case .document: .models
      case .rows: .inference
      case .load: .repositoryChange
      }
    }
  }

  let method: Method
  /// Every form of its path.
  let templates: [PathTemplate]
  /// The value of the metric label `route`.
  let label: String
  /// Whether it refuses every request, as of a protocol of which it is no useful part here.
  let isRefused: Bool
  let action: Action
  /// Who may ask for it follows from that.
  let purpose: Purpose

  /// - Parameters:
  ///   - path: with a group of alternatives, as `PathTemplate.expanding` has it.
  ///   - lone: a path for the default model.
  ///   - label: by default `lone`, or the first template.
  ///   - purpose: by default what its action says.
  init(
    _ method: Method, _ path: String, or lone: String? = nil, label: String? = nil, isRefused: Bool = false,
    purpose: Purpose? = nil, _ action: Action
  ) {
    self.method = method
    templates = (lone.map { [PathTemplate($0)] } ?? []) + PathTemplate.expanding(path)
    self.label = label ?? templates[0].text
    self.isRefused = isRefused
    self.action = action
    self.purpose = purpose ?? action.usualPurpose
  }

  /// An operation that is asked for by GET and answers at once.
  static func get(
    _ path: String, or lone: String? = nil, purpose: Purpose? = nil,
    _ document: @escaping @Sendable (Inquiry) throws(APIError) -> Document
  ) -> Endpoint {
    Endpoint(.get, path, or: lone, purpose: purpose, .document(document))
  }
}

/// A request that is answered from what is known, without rows.
struct Inquiry {
  let request: any HTTPRequest
  /// The model that its path names.
  let reference: ModelReference
  let catalog: ModelCatalog
  let service: Service
  /// Reads its body, if there is one.
  let reader: RequestReader
  /// Of all reactors.
  let connections: ConnectionFigures

  /// The model that its path names.
  func served() throws(APIError) -> ServedModel { try catalog.served(reference) }

  /// Refuses a probe while requests are not welcome.
  func requireReadiness() throws(APIError) {
    let readiness = service.readiness.current
    guard readiness == .ready else { throw .notReady(readiness) }
    guard catalog.defaultModel != nil else { throw .noModel }
  }
}

/// An answer of status 200 that has no rows.
enum Document {
  /// One that never changes.
  case fixed(FixedResponse)
  /// One that is made once it has been counted, so that `/metrics` counts itself.
  case made(contentType: StaticString, () -> String)

  /// Nothing: what was asked for is done.
  static var empty: Document { .fixed(nothing) }
  private static let nothing = FixedResponse(status: 200, body: "")

  /// A JSON document.
  static func json(_ value: some Encodable) -> Document {
    // Encoded when it is sent, not before it was counted.
    .made(contentType: "application/json") { JSONDocument.text(of: value) }
  }
}

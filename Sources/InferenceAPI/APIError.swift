import Bytes
import HTTPServer
import JSON

/// Why a request is refused: its answer, as a value. Each protocol makes its own, in its folder; those that any request may get are here.
struct APIError: Error {
  /// Of the answer (RFC 9110 15).
  let status: Int
  /// One sentence: what, where, expected and found, what to do.
  let message: String
  /// Where in the body's JSON the mistake is: such as `instances[3]`, or empty; and the byte.
  var position: (path: String, offset: Int)?
  /// Beside those of every answer.
  var headers: [(StaticString, String)] = []
  /// Of refusals of work rather than of content.
  var reason: RejectionReason?
  /// Of a refusal that is the server's own.
  var serverReason: ServerRejection.Reason?
  /// Which row is at fault, of several that may be found to be.
  var row: Int?

  /// A refusal of what was sent.
  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  /// A refusal of work, which is welcome again after a while.
  /// - Parameter retryAfterSeconds: nil: the caller is not told when.
  init(_ status: Int, _ reason: RejectionReason?, retryAfterSeconds: Int? = nil, _ message: String) {
    self.init(status, message)
    self.reason = reason
    if let retryAfterSeconds { headers = [("Retry-After", String(retryAfterSeconds))] }
  }

  /// What the server itself refuses, and its handler as well.
  init(_ rejection: ServerRejection) {
    self.init(rejection.status, rejection.message)
    headers = rejection.headers
    serverReason = rejection.reason
  }

  /// The label of `radial_rejections_total`; nil: it is not counted there.
  var rejectionLabel: String? { reason?.rawValue ?? serverReason?.rawValue }

  /// A body that is not the JSON expected.
  /// - Parameter advice: what is said behind the decoder's sentence.
  init(_ error: JSONError, status: Int = 400, advice: String = "") {
    self.init(status, error.message + advice)
    position = (error.path, error.offset)
  }

  /// The answer: `{"error":"…"}` with what machines may want to know beside it.
  func response(in buffer: consuming ByteBuffer) -> Response {
    let json = JSONWriter(buffer)
    // One member that every client shows, and beside it what programs may want: clients of all three protocols read
    // `error`.
    json.write("{\"error\":")
    json.write(string: message)
    if let position {
      if !position.path.isEmpty {
        json.write(",\"path\":")
        json.write(string: position.path)
      }
      json.write(",\"offset\":")
      json.write(integer: position.offset)
    }
    json.write("}")
    return Response(status: status, contentType: "application/json", body: json.buffer, headers: headers)
  }
}

/// Why work was refused: the values of `radial_rejections_total{reason}` that are not the server's own (`ServerRejection.Reason`).
enum RejectionReason: String, CaseIterable, Sendable {
  /// The compute queue had no room.
  case queueFull = "queue_full"
  /// The process is about to end.
  case draining
  /// The request's deadline passed before its rows were computed.
  case deadline
  /// A row that the calibration does not know, where the caller wants that to be an error.
  case unknownInput = "unknown_input"
  /// The client left before its answer.
  case clientDisconnected = "client_disconnected"
  /// The caller has no key that is known.
  case unauthorized
  /// The caller may not ask for it, or not here.
  case forbidden
  /// The answer would have been larger than answers may be.
  case responseTooLarge = "response_too_large"
}

// What any request may be refused with.
extension APIError {
  /// 404: a path that is no endpoint's; with the paths of the protocol that it looks like.
  /// - Parameter prefix: what every path begins with.
  static func unknownPath(_ path: String, prefix: String) -> APIError {
    let rest = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    let behind = prefix.isEmpty ? "" : " behind \(prefix)"
    // Cut: a path may be as long as a header section, and comes back in the answer.
    return APIError(404, "no route '\(path.prefix(128))'; send\(behind) \(EndpointTable.words(near: rest))")
  }

  /// 405, with `Allow` (RFC 9110 15.5.6).
  static func methodNotAllowed(_ endpoint: Endpoint) -> APIError {
    var error = APIError(405, "method not allowed on \(endpoint.label), use \(endpoint.method.allow)")
    error.headers = [("Allow", "\(endpoint.method.allow)")]
    return error
  }

  /// 413: a large body for what reads no rows.
  static func needlessBody(of endpoint: Endpoint) -> APIError {
    APIError(413, "\(endpoint.label) takes no body of this size; send none")
  }

  /// To a probe; requests are answered as long as they can be.
  static func notReady(_ readiness: Readiness) -> APIError {
    APIError(
      // No reason of a rejection: a probe that hears it was not refused any work.
      503, nil, retryAfterSeconds: 1,
      readiness == .draining
        ? "not ready: the server is shutting down; use another replica"
        : "not ready: the model is loading; try again in a moment")
  }

  /// 503: the process is about to end, and the request was not answered before.
  static var draining: APIError {
    APIError(
      503, .draining, retryAfterSeconds: 1,
      "the server is shutting down; send the request again, to another replica")
  }

  /// 503: the memory for requests is in use.
  static var noMemory: APIError { APIError(ServerRejection.memory) }

  /// 503, or 413 where the request takes more than it may ever have.
  static func memory(of budget: MemoryBudget?) -> APIError { APIError(ServerRejection.memory(of: budget)) }

  /// 413: an answer beyond `maxResponseBytes`.
  static func responseTooLarge(rows: Int, bytesPerRow: Int, limit: Int) -> APIError {
    var error = APIError(
      413,
      "the answer could have \(rows) rows of \(bytesPerRow) bytes, over the limit of \(limit) bytes; "
        + "send fewer rows or ask for fewer outputs")
    error.reason = .responseTooLarge
    return error
  }

  /// 503, with the seconds after which there will be room by what the waiting rows cost.
  static func queueFull(retryAfterSeconds seconds: Int) -> APIError {
    APIError(
      503, .queueFull, retryAfterSeconds: seconds,
      "the model's part of the compute queue is full; try again after \(seconds) s, or at another replica")
  }

  /// 504: the rows were not computed in the time that the caller gave.
  static var deadlinePassed: APIError {
    APIError(
      504, .deadline,
      "the request's deadline passed before the rows were computed; allow more time or send fewer rows")
  }

  /// 400: `X-Request-Timeout-Ms` is no time.
  /// - Parameter found: the header's value, cut.
  static func badTimeout(_ found: String) -> APIError {
    APIError(
      400, "X-Request-Timeout-Ms: expected a whole number of milliseconds from 1 to 86400000, found '\(found)'")
  }
}

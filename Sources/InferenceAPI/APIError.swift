import FastJSON
import HTTPServer

/// Everything that can be wrong with a request that reached routing. `status` and `message` are the one place where an error
/// becomes an answer.
enum APIError: Error {
  case unknownPath(String)
  case methodNotAllowed(Route)
  case unknownModel(String, served: [String])
  case unknownVersion(String, Int)
  case noModel
  case emptyBody
  case undecodable(fj_error, maxRows: Int)
  case badTimeout(String)
  case needsCalibration(member: String, model: String)
  case notAClassifier(member: String, model: String)
  case overflow(row: Int, what: String, index: Int, label: String?)
  case rejected(row: Int, label: String, pValue: Double, rate: Double)
  case queueFull(retryAfterSeconds: Int)
  case draining
  case deadlinePassed

  var status: Int {
    switch self {
    case .unknownPath, .unknownModel, .unknownVersion: 404
    case .methodNotAllowed: 405
    case .emptyBody, .badTimeout, .needsCalibration, .notAClassifier: 400
    case .undecodable(let error, _):
      switch error.status {
      case FJ_NON_FINITE: 422
      case FJ_TOO_MANY_ROWS, FJ_TOO_DEEP: 413
      default: 400
      }
    case .overflow, .rejected: 422
    case .queueFull, .draining, .noModel: 503
    case .deadlinePassed: 504
    }
  }

  /// One sentence: what, where, expected and found, what to do.
  var message: String {
    switch self {
    case .unknownPath(let path):
      "no route '\(path.prefix(128))'; POST /predict or /distances, GET /model, /models, /readyz or /metrics"
    case .methodNotAllowed(let route):
      "method not allowed on \(route.label.text), use \(route.allowedMethods)"
    case .unknownModel(let name, let served):
      "model '\(name)' is not served here; GET /models lists the models (\(served.prefix(8).joined(separator: ", ")))"
    case .unknownVersion(let name, let version):
      "model '\(name)' has no version \(version); GET /models lists the versions"
    case .noModel:
      "no model is loaded; GET /models says why"
    case .emptyBody:
      "the body is empty, expected JSON such as {\"instances\":[[…numbers…]]}"
    case .undecodable(let error, let maxRows):
      error.status == FJ_TOO_MANY_ROWS
        ? "\(error.text) (the limit of one request is \(maxRows) rows); send several requests" : error.text
    case .badTimeout(let found):
      "X-Request-Timeout-Ms: expected a whole number of milliseconds from 1 to 86400000, found '\(found)'"
    case .needsCalibration(let member, let model):
      "'\(member)' needs a calibration and model '\(model)' carries none; leave it out or calibrate the model"
    case .notAClassifier(let member, let model):
      "'\(member)' needs class prototypes in the last layer and model '\(model)' is a regressor; leave it out"
    case .overflow(let row, let what, let index, let label):
      "instances[\(row)]: \(Self.beyondFloat32(what, index, label))"
    case .rejected(let row, let label, let pValue, let rate):
      "instances[\(row)]: unknown: nearest class '\(label)' has p-value \(Float(pValue)), below \(Float(rate)); "
        + "send \"reject\":\"flag\" to get the answer with its verdict"
    case .queueFull(let seconds):
      "the compute queue is full; try again after \(seconds) s"
    case .draining:
      "the server is shutting down; send the request again, to another replica"
    case .deadlinePassed:
      "the deadline of X-Request-Timeout-Ms passed before the rows were computed; allow more time or send fewer rows"
    }
  }

  /// What is said of a finite row whose results are not, wherever the row came from.
  static func beyondFloat32(_ what: String, _ index: Int, _ label: String?) -> String {
    "the \(what) of class \(index)\(label.map { " ('\($0)')" } ?? "") is beyond Float32; "
      + "send inputs in the range that the model was trained on"
  }

  /// The value of `radial_rejections_total{reason}`, for refusals of work rather than of content.
  var rejectionReason: RejectionReason? {
    switch self {
    case .queueFull: .queueFull
    case .draining: .draining
    case .deadlinePassed: .deadline
    case .rejected: .unknownInput
    default: nil
    }
  }

  /// The answer: `{"error":"…"}` with what machines may want to know beside it.
  func response(in buffer: consuming OutputBuffer) -> Response {
    let json = JSONWriter(buffer)
    json.write("{\"error\":")
    json.write(string: message)
    if case .undecodable(let error, _) = self {
      if error.hasPath {
        json.write(",\"path\":")
        json.write(string: error.pathText)
      }
      json.write(",\"offset\":")
      json.write(integer: error.offset)
    }
    json.write("}")
    return Response(status: status, contentType: "application/json", body: json.buffer, headers: headers)
  }

  private var headers: [(StaticString, String)] {
    switch self {
    case .methodNotAllowed(let route): [("Allow", "\(route.allowedMethods)")]
    case .queueFull(let seconds): [("Retry-After", String(seconds))]
    case .draining, .noModel: [("Retry-After", "1")]
    default: []
    }
  }
}

/// Why work was refused: the values of `radial_rejections_total{reason}` that this room makes.
enum RejectionReason: String, CaseIterable, Sendable {
  case queueFull = "queue_full"
  case draining
  case deadline
  case unknownInput = "unknown_input"
  case callerGone = "caller_gone"
}

extension fj_error {
  /// The sentence, as a Swift string.
  var text: String { withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
  var pathText: String { withUnsafeBytes(of: path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
  var hasPath: Bool { path.0 != 0 }
}

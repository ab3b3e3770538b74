import Bytes
import HTTPServer
import JSON

/// Everything that can be wrong with a request that reached routing. `status` and `message` are the one place where an error
/// becomes an answer.
enum APIError: Error {
  case unknownPath(String)
  case methodNotAllowed(Route)
  case unknownModel(String, served: [String])
  case unknownVersion(String, Int)
  case unknownLabel(String, model: String)
  case noModel
  case emptyBody
  case undecodable(JSONError, maxRows: Int)
  /// A body of `/v1` or `/v2`, where every mistake of the caller's is a 400.
  case unacceptable(JSONError)
  case tensorSize(String, expected: Int, found: Int)
  case badInferenceHeader(found: String, body: Int)
  case noClassification(of: StaticString)
  case unknownSignature(model: String)
  case cannotClassify(model: String)
  case cannotRegress(model: String)
  case cannotExplain(model: String)
  case notLoaded(String, String)
  case lastVersion(String)
  case overrideRefused(String)
  case badTimeout(String)
  case needsCalibration(member: String, model: String)
  case notAClassifier(member: String, model: String)
  case overflow(path: String, what: String, index: Int, label: String?)
  case rejected(path: String, label: String, pValue: Double, rate: Double)
  case queueFull(retryAfterSeconds: Int)
  /// To a probe; requests are answered as long as they can be.
  case notReady(Readiness)
  case draining
  case deadlinePassed

  var status: Int {
    switch self {
    case .unknownPath, .unknownModel, .unknownVersion: 404
    case .methodNotAllowed: 405
    case .emptyBody, .badTimeout, .needsCalibration, .notAClassifier, .unacceptable, .tensorSize, .badInferenceHeader,
      .noClassification, .unknownLabel, .unknownSignature, .cannotClassify, .cannotRegress, .cannotExplain, .notLoaded,
      .overrideRefused:
      400
    case .undecodable(let error, _):
      switch error.reason {
      case .nonFinite: 422
      case .tooManyRows, .tooDeep: 413
      default: 400
      }
    case .overflow, .rejected: 422
    case .queueFull, .notReady, .draining, .noModel, .lastVersion: 503
    case .deadlinePassed: 504
    }
  }

  /// One sentence: what, where, expected and found, what to do.
  var message: String {
    switch self {
    case .unknownPath(let path):
      "no route '\(path.prefix(128))'; send \(RouteList.near(path))"
    case .methodNotAllowed(let route):
      "method not allowed on \(route.label.text), use \(route.allowedMethods)"
    case .unknownModel(let name, let served):
      "model '\(name)' is not served here; GET /models lists the models (\(served.prefix(8).joined(separator: ", ")))"
    case .unknownVersion(let name, let version):
      "model '\(name)' has no version \(version); GET /models lists the versions"
    case .unknownLabel(let label, let model):
      "version label '\(label)' of model '\(model)' is not known, expected 'stable', the version that answers by default"
    case .unacceptable(let error): error.message
    case .tensorSize(let what, let expected, let found): "\(what): expected \(expected) bytes, found \(found)"
    case .badInferenceHeader(let found, let body):
      "Inference-Header-Content-Length: expected how many of the body's \(body) bytes are JSON, found '\(found)'"
    case .noClassification(let tensor):
      "output '\(tensor)' has no classification, since its largest values are not the best; ask for one of 'scores'"
    case .unknownSignature(let model):
      "this signature_name is not one of model '\(model)', or has no such method; expected serving_default, distances or all "
        + "to predict, serving_default to classify"
    case .cannotClassify(let model):
      "model '\(model)' is a regressor and has no classes; send the rows to :predict"
    case .cannotRegress(let model):
      "model '\(model)' does not regress: that method is for models of one output; send the rows to :predict"
    case .cannotExplain(let model):
      "model '\(model)' has no explainer; POST /models/\(model)/predict with \"outputs\":[\"contributions\"] says what makes each distance"
    case .notLoaded(let name, let reason): "model '\(name)' could not be loaded: \(reason)"
    case .lastVersion(let name):
      "model '\(name)' is not unloaded: nothing would be left to serve under its name; start the server with --allow-unload to allow it"
    case .overrideRefused(let name):
      "model '\(name)' is loaded from its files as they are; send no config or file parameters"
    case .noModel:
      "no model is loaded; GET /models says why"
    case .emptyBody:
      "the body is empty, expected JSON such as {\"instances\":[[…numbers…]]}"
    case .undecodable(let error, let maxRows):
      error.reason == .tooManyRows
        ? "\(error.message) (the limit of one request is \(maxRows) rows); send several requests" : error.message
    case .badTimeout(let found):
      "X-Request-Timeout-Ms: expected a whole number of milliseconds from 1 to 86400000, found '\(found)'"
    case .needsCalibration(let member, let model):
      "'\(member)' needs a calibration and model '\(model)' carries none; leave it out or calibrate the model"
    case .notAClassifier(let member, let model):
      "'\(member)' needs class prototypes in the last layer and model '\(model)' is a regressor; leave it out"
    case .overflow(let path, let what, let index, let label):
      "\(path): \(Self.beyondFloat32(what, index, label))"
    case .rejected(let path, let label, let pValue, let rate):
      "\(path): unknown: nearest class '\(label)' has p-value \(Float(pValue)), below \(Float(rate)); "
        + "send \"reject\":\"flag\" to get the answer with its verdict"
    case .queueFull(let seconds):
      "the compute queue is full; try again after \(seconds) s"
    case .notReady(let readiness):
      readiness == .draining
        ? "not ready: the server is shutting down; use another replica"
        : "not ready: the model is loading; try again in a moment"
    case .draining:
      "the server is shutting down; send the request again, to another replica"
    case .deadlinePassed:
      "the request's deadline passed before the rows were computed; allow more time or send fewer rows"
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
  func response(in buffer: consuming ByteBuffer) -> Response {
    let json = JSONWriter(buffer)
    json.write("{\"error\":")
    json.write(string: message)
    if let error = jsonError {
      if !error.path.isEmpty {
        json.write(",\"path\":")
        json.write(string: error.path)
      }
      json.write(",\"offset\":")
      json.write(integer: error.offset)
    }
    json.write("}")
    return Response(status: status, contentType: "application/json", body: json.buffer, headers: headers)
  }

  private var jsonError: JSONError? {
    switch self {
    case .undecodable(let error, _), .unacceptable(let error): error
    default: nil
    }
  }

  private var headers: [(StaticString, String)] {
    switch self {
    case .methodNotAllowed(let route): [("Allow", "\(route.allowedMethods)")]
    case .queueFull(let seconds): [("Retry-After", String(seconds))]
    case .notReady, .draining, .noModel: [("Retry-After", "1")]
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

import HTTPServer
import Logging
import Models

/// The line that `logsAccess` has for each request. Nothing of it is made otherwise.
struct AccessLog {
  /// What is said beside the request itself.
  struct Answer {
    let code: Int
    let seconds: Double
    /// Of the answer's body; nil: nothing was sent.
    var bytes: Int?
    var served: ServedModel?
    var rows: Int?
    var classifications: [Classification] = []
    /// Why it was refused.
    var error: String?
  }

  private let logger: Logger
  private let gate: Gate

  init(_ logger: Logger, _ gate: Gate) { (self.logger, self.gate) = (logger, gate) }

  /// A request that reached a handler.
  func log(_ request: any HTTPRequest, _ answer: Answer) {
    var fields = Self.fields(answer)
    fields["method"] = "\("\(request.method)".uppercased())"
    fields["path"] = "\(request.path)"
    fields["request_id"] = "\(request.answerID)"
    if let client = request.clientAddress { fields["client"] = "\(client)" }
    if let holder = gate.holder(of: request) { fields["key"] = "\(holder.name)" }
    if let trace = request.header("traceparent").flatMap(Self.traceID) { fields["trace_id"] = "\(trace)" }
    logger.info("request", metadata: fields)
  }

  /// A request that the server has turned away before.
  func log(_ rejection: ServerRejection, of request: any HTTPRequest) {
    var fields = Self.fields(Answer(code: rejection.status, seconds: 0, error: rejection.message))
    fields["reason"] = "\(rejection.reason.rawValue)"
    if let client = request.clientAddress { fields["client"] = "\(client)" }
    logger.info("request refused", metadata: fields)
  }

  private static func fields(_ answer: Answer) -> Logger.Metadata {
    var fields: Logger.Metadata = ["code": .stringConvertible(answer.code)]
    fields["microseconds"] = .stringConvertible(Int(answer.seconds * 1e6))
    if let bytes = answer.bytes { fields["bytes"] = .stringConvertible(bytes) }
    if let served = answer.served {
      fields["model"] = "\(served.model.name)"
      fields["version"] = .stringConvertible(served.model.version)
    }
    if let rows = answer.rows { fields["rows"] = .stringConvertible(rows) }
    let verdicts = answer.classifications.compactMap(\.verdict)
    if !verdicts.isEmpty {
      let known = verdicts.count(where: \.isKnown)
      fields["known"] = .stringConvertible(known)
      fields["unknown"] = .stringConvertible(verdicts.count - known)
    }
    if let error = answer.error { fields["error"] = "\(error)" }
    return fields
  }

  /// The trace of a `traceparent` (W3C Trace Context 3.2.2): VERSION-TRACE-PARENT-FLAGS in lower-case hexadecimal digits, the trace not all
  /// zeros; nil: it is none.
  static func traceID(_ header: String) -> String? {
    let parts = header.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] != "ff", parts.count == 4 || parts[0] != "00" else { return nil }
    for (part, count) in zip(parts, [2, 32, 16, 2]) {
      guard part.utf8.count == count, part.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
      else { return nil }
    }
    guard parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }) else { return nil }
    return String(parts[1])
  }
}

import JSON
import Predictions

// What the native routes refuse, beside what every route does.
extension APIError {
  /// A body that is not the JSON expected: 422 for a number that is no Float32, 413 for too much of something.
  init(native error: JSONError, maxRows: Int) {
    switch error.reason {
    // 422 and 413: the JSON is right, and what it says cannot be done.
    case .nonFinite: self.init(error, status: 422)
    case .tooDeep: self.init(error, status: 413)
    case .tooManyRows:
      self.init(
        error, status: 413, advice: " (the limit of one request is \(maxRows) rows); send several requests")
    case .syntax, .type, .width, .noRows, .missing, .value, .memory: self.init(error)
    }
  }

  /// A finite row that has no answer.
  /// - Parameters:
  ///   - first: which row of the request is the first of those that were written.
  ///   - isSingle: whether the request was one `instance`.
  init(_ fault: PredictionWriter.RowFault, first: Int, isSingle: Bool) {
    self.init(422, "\(isSingle ? "instance" : "instances[\(first + fault.row)]"): \(fault.sentence)")
    row = first + fault.row
    reason = fault.isUnknown ? .unknownInput : nil
  }
}

import Batching
import FastJSON
import HTTPServer

extension RequestReader {
  /// The body of `/predict` or `/distances`.
  func native(
    _ exchange: any HTTPRequest, _ served: ServedModel, into batch: RowBatch, isPredict: Bool
  ) throws(APIError) -> (Operation, rows: Int) {
    let body = exchange.body
    guard let bytes = body.baseAddress, body.count > 0 else { throw .emptyBody }
    let room = room(body.count, served)
    let rows = batch.reserve(room)
    var request = fj_predict_request()
    var error = fj_error()
    let text = bytes.assumingMemoryBound(to: CChar.self)
    guard
      fj_decode_predict(parser, text, body.count, served.signature.shape, room, rows, &request, &error) == FJ_OK
    else { throw .undecodable(error, maxRows: maxRows) }
    guard isPredict else { return (.distances(isSingle: request.single), request.rows) }
    let options = PredictOptions(request)
    try options.validate(for: served)
    if options.needsEmbeddings { batch.keepsEmbeddings = true }
    return (.predict(options), request.rows)
  }
}

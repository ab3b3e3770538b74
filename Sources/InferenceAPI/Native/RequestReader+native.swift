import Batching
import HTTPServer
import JSON

extension RequestReader {
  /// The body of `/predict` or `/distances`.
  func native(
    _ exchange: any HTTPRequest, _ served: ServedModel, into batch: RowBatch, isPredict: Bool
  ) throws(APIError) -> (Operation, rows: Int) {
    let body = exchange.body
    guard !body.isEmpty else { throw .emptyBody }
    let (options, rows): (PredictOptions, Int)
    do throws(JSONError) {
      (options, rows) = try decode(
        body[...], expecting: PredictOptions.expected, served.signature.shape, room: room(body.count, served),
        into: batch
      ) { (json, rows) throws(JSONError) in try PredictOptions(json, &rows) }
    } catch {
      throw .undecodable(error, maxRows: maxRows)
    }
    guard isPredict else { return (.distances(isSingle: options.isSingle), rows) }
    try options.validate(for: served)
    if options.needsEmbeddings { batch.keepsEmbeddings = true }
    return (.predict(options), rows)
  }
}

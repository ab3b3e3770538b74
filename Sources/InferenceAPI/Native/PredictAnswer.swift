import Batching
import Bytes
import HTTPServer
import JSON
import Models
import Predictions

/// The answer to `/predict`.
struct PredictAnswer: RowsAnswer {
  let options: PredictOptions
  /// Whether the request was one `instance`: errors name it so.
  let isSingle: Bool

  static let decoder = RowsDecoder { (reader, request, served, batch) throws(APIError) in
    let (body, rows) = try reader.native(request, served, into: batch)
    do throws(PredictOptions.Misfit) {
      try body.options.validate(for: served.model)
    } catch {
      throw APIError(400, error.description)
    }
    // Kept only where somebody asks: they are as wide as the RBF layer's inputs.
    if body.options.needsEmbeddings { batch.keepsEmbeddings = true }
    return DecodedRequest(answer: PredictAnswer(options: body.options, isSingle: body.isSingle), rows: rows)
  }

  var omitsVerdict: Bool { options.omitsVerdict }
  var falseRejectRate: Double? { options.falseRejectRate }

  /// Writes `{"model":…,"predictions":[…]}`, or the distances and the nearest class of each row.
  /// - Throws: for a row that has no finite answer, or that is unknown where that is an error.
  func write(_ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError) -> AnswerHead {
    let (json, predictions) = (JSONWriter(buffer), rows.served.predictions)
    do throws(PredictionWriter.RowFault) {
      // All rows before the first byte: an answer is whole, or it is an error.
      try predictions.checkFinite(rows.results)
      json.write(raw: rows.served.nativePrefix)
      json.write(isSingle ? ",\"prediction\":" : ",\"predictions\":[")
      for row in 0..<rows.results.count {
        json.write(row > 0 ? ",{" : "{")
        let classification = rows.classifications.isEmpty ? nil : rows.classifications[row]
        try predictions.write(rows.results, row, options, classification, json)
        json.write("}")
      }
      json.write(isSingle ? "}" : "]}")
      return .json
    } catch {
      throw APIError(error, isSingle: isSingle)
    }
  }
}

/// The answer to `/distances`.
struct DistancesAnswer: RowsAnswer {
  /// Whether the request was one `instance`.
  let isSingle: Bool

  static let decoder = RowsDecoder { (reader, request, served, batch) throws(APIError) in
    let (body, rows) = try reader.native(request, served, into: batch)
    return DecodedRequest(answer: DistancesAnswer(isSingle: body.isSingle), rows: rows)
  }

  /// Writes `{"model":…,"predictions":[…]}`, or the distances and the nearest class of each row.
  /// - Throws: for a row that has no finite answer, or that is unknown where that is an error.
  func write(_ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError) -> AnswerHead {
    let (json, predictions, results) = (JSONWriter(buffer), rows.served.predictions, rows.results)
    do throws(PredictionWriter.RowFault) {
      try predictions.checkFinite(results)
    } catch {
      throw APIError(error, isSingle: isSingle)
    }
    json.write(raw: rows.served.nativePrefix)
    json.write(isSingle ? ",\"distances\":" : ",\"distances\":[")
    for row in 0..<results.count {
      if row > 0 { json.write(",") }
      json.write(floats: results.distances(row))
    }
    json.write(isSingle ? ",\"nearest\":" : "],\"nearest\":[")
    for row in 0..<results.count {
      if row > 0 { json.write(",") }
      let nearest = rows.classifications.isEmpty ? results.nearest(row) : rows.classifications[row].nearest
      predictions.writeNeighbour(nearest, distance: results.distances(row)[nearest], score: nil, json)
    }
    json.write(isSingle ? "}" : "]}")
    return .json
  }
}

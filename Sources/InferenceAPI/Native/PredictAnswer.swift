import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// The answer to `/predict`: `{"model":…,"predictions":[…]}`.
struct PredictAnswer: RowsAnswer {
  let options: PredictOptions
  /// Whether the request was one `instance`: errors name it so.
  let isSingle: Bool

  static let decoder = RowsDecoder { (reader, content, served, target) throws(APIError) in
    let (body, rows) = try reader.native(content.body, served, into: target)
    do throws(PredictOptions.Misfit) {
      try body.options.validate(for: served.model)
    } catch {
      throw APIError(400, error.description)
    }
    if body.options.needsEmbeddings { target.keepEmbeddings() }
    return DecodedRequest(answer: PredictAnswer(options: body.options, isSingle: body.isSingle), rows: rows)
  }

  var omitsVerdict: Bool { options.omitsVerdict }
  var falseRejectRate: Double? { options.falseRejectRate }

  func maxBytes(ofSection section: Int, rows: Int, _ served: ServedModel) -> Int {
    served.predictions.maxBytesPerRow(options).saturatingMultiply(by: rows).saturatingAdd(
      served.nativePrefix.count + 32)
  }

  /// Writes some rows' predictions.
  /// - Throws: for a row that has no finite answer, or that is unknown where that is an error.
  func write(section: Int, _ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError) {
    let (json, predictions) = (JSONWriter(buffer), rows.served.predictions)
    do throws(PredictionWriter.RowFault) {
      if rows.isFirst {
        json.write(raw: rows.served.nativePrefix)
        json.write(isSingle ? ",\"prediction\":" : ",\"predictions\":[")
      }
      // All rows before the first: an answer is whole, or it is an error.
      try predictions.checkFinite(rows.results)
      for row in 0..<rows.results.count {
        json.write(rows.first + row > 0 ? ",{" : "{")
        try predictions.write(rows.results, row, options, rows.classification(row), json)
        json.write("}")
      }
      if rows.isLast { json.write(isSingle ? "}" : "]}") }
    } catch {
      throw APIError(error, first: rows.first, isSingle: isSingle)
    }
  }
}

/// The answer to `/distances`: the distances of all rows, then the class nearest to each.
struct DistancesAnswer: RowsAnswer {
  /// Whether the request was one `instance`.
  let isSingle: Bool

  static let decoder = RowsDecoder { (reader, content, served, target) throws(APIError) in
    let (body, rows) = try reader.native(content.body, served, into: target)
    guard served.model.hasDistances else {
      throw APIError(400, PredictOptions.Misfit.noDistances("distances", served.model).description)
    }
    return DecodedRequest(answer: DistancesAnswer(isSingle: body.isSingle), rows: rows)
  }

  func sectionCount(of served: ServedModel) -> Int { 2 }

  func maxBytes(ofSection section: Int, rows: Int, _ served: ServedModel) -> Int {
    let row =
      section == 0
      ? JSONOutput.maxFloats(served.model.network.distanceWidth) + 1 : served.predictions.maxNeighbourBytes
    return row.saturatingMultiply(by: rows).saturatingAdd(served.nativePrefix.count + 32)
  }

  /// Writes some rows' distances, or their nearest classes.
  /// - Throws: for a row that has no finite answer.
  func write(section: Int, _ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError) {
    let (json, predictions, results) = (JSONWriter(buffer), rows.served.predictions, rows.results)
    if section == 0 {
      do throws(PredictionWriter.RowFault) {
        try predictions.checkFinite(results)
      } catch {
        throw APIError(error, first: rows.first, isSingle: isSingle)
      }
      if rows.isFirst {
        json.write(raw: rows.served.nativePrefix)
        json.write(isSingle ? ",\"distances\":" : ",\"distances\":[")
      }
      for row in 0..<results.count {
        if rows.first + row > 0 { json.write(",") }
        json.write(floats: results.distances(row))
      }
      if rows.isLast { json.write(isSingle ? ",\"nearest\":" : "],\"nearest\":[") }
    } else {
      for row in 0..<results.count {
        if rows.first + row > 0 { json.write(",") }
        // Worked out already where prototypes are classes.
        let nearest =
          rows.served.model.decision == .nearestPrototype
          ? rows.classification(row)?.predicted ?? results.nearest(row) : results.nearest(row)
        predictions.writeNeighbour(nearest, distance: results.distances(row)[nearest], score: nil, json)
      }
      if rows.isLast { json.write(isSingle ? "}" : "]}") }
    }
  }
}

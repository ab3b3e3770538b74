import Bytes
import JSON

/// What reading bodies and writing answers costs on one core of this machine, beside the forward pass.
struct TransferCost: Sendable {
  /// Of a body of JSON.
  let nanosecondsPerByteRead: Double
  /// Of an answer, per byte of its upper bound.
  let nanosecondsPerByteWritten: Double

  /// To read a body.
  func reading(_ bytes: Int) -> Double { Double(bytes) * nanosecondsPerByteRead }

  /// To write an answer of at most so many bytes.
  func writing(_ maxBytes: Int) -> Double { Double(maxBytes) * nanosecondsPerByteWritten }

  /// That of this machine: the fastest of a few passes over rows of numbers with six digits, some milliseconds in all.
  static let measured = measure()

  private static func measure() -> TransferCost {
    let (rows, width, passes) = (8, 1024, 4)
    let values = (0..<width).map { Float(($0 * 7919) % 1_000_000) / 1_000_000 }
    var (reading, writing) = (Double.infinity, Double.infinity)
    let text = ByteBuffer(capacity: JSONOutput.maxFloats(width) * rows + JSONParser.padding)
    for _ in 0..<passes {
      text.removeAll()
      let json = JSONWriter(text)
      let start = monotonicNanoseconds()
      json.write("[")
      for row in 0..<rows {
        if row > 0 { json.write(",") }
        values.withUnsafeBufferPointer { json.write(floats: $0) }
      }
      json.write("]")
      writing = min(writing, Double(monotonicNanoseconds() - start))
    }
    text.reserve(JSONParser.padding)
    let parser = JSONParser(maxDepth: 4)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * width) { places in
      for _ in 0..<passes {
        let start = monotonicNanoseconds()
        var read = JSONRows(RowShape([width]), at: places.baseAddress!, capacity: rows)
        try? parser.read(
          UnsafeRawBufferPointer(start: text.pointer, count: text.count), expecting: "rows"
        ) { (json) throws(JSONError) in try read.readList(json, "rows") }
        reading = min(reading, Double(monotonicNanoseconds() - start))
      }
    }
    return TransferCost(
      nanosecondsPerByteRead: reading / Double(text.count),
      nanosecondsPerByteWritten: writing / Double(rows * JSONOutput.maxFloats(width)))
  }
}

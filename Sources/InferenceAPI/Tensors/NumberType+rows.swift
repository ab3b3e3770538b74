import Batching
import Bytes
import RadialEngine

extension NumberType {
  /// Converts a tensor's bytes to rows in what `batch` keeps in reserve.
  /// - Parameter bytes: of a tensor [rows, D] of such numbers, little-endian, row-major.
  func read(_ bytes: Slice<UnsafeRawBufferPointer>, rows: Int, into batch: RowBatch) {
    let count = rows * batch.network.inputWidth
    precondition(bytes.count == count * size, "a tensor of another size than its shape's")
    guard let start = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return }
    convert(start, to: batch.reserve(rows), count: count)
  }
}

import Batching
import Bytes
import JSON
import RadialEngine

/// Where the rows of a request are decoded to.
protocol RowsTarget: AnyObject {
  /// Where the rows, and what reading them takes, are counted.
  var budget: MemoryBudget? { get }
  /// The place of rows that are numbers in a text.
  /// - Parameter room: how many may come, at least 1.
  /// - Throws: when there is no memory.
  func rows(_ shape: RowShape, room: Int) throws(APIError) -> JSONRows
  /// Takes in rows that are the bytes of a tensor, [rows, D], little-endian, row-major.
  /// - Throws: when there is no memory.
  func read(_ bytes: UnsafeRawBufferPointer, as type: NumberType, rows: Int) throws(APIError)
  /// The inputs of the RBF layer are wanted: they are as wide as that, and kept only where somebody asks.
  func keepEmbeddings()
}

/// The batch of a reactor's turn, where small requests to one model lie behind each other.
extension RowBatch: RowsTarget {
  func rows(_ shape: RowShape, room: Int) throws(APIError) -> JSONRows {
    guard let places = reserve(room) else { throw .noMemory }
    return JSONRows(shape, at: places, capacity: room)
  }

  func read(_ bytes: UnsafeRawBufferPointer, as type: NumberType, rows: Int) throws(APIError) {
    guard let places = reserve(rows) else { throw .noMemory }
    type.read(bytes, to: places, count: rows * network.inputWidth)
  }

  func keepEmbeddings() { keepsEmbeddings = true }
}

import Models
import Synchronization

/// Some rows of a file, chosen by their hashes: the same ones in any order and on any number of threads, and as likely from its end as from
/// its beginning.
final class RowSample: Sendable {
  private let capacity: Int
  private let kept = Mutex<[(hash: UInt64, row: [Float])]>([])

  init(capacity: Int) { self.capacity = capacity }

  /// Takes a row in, if its hash is among the smallest. One that is there already is not taken twice.
  func offer(_ row: UnsafeBufferPointer<Float>, hash: UInt64) {
    guard capacity > 0 else { return }
    kept.withLock { kept in
      if kept.count == capacity, let last = kept.last, hash >= last.hash { return }
      let place = kept.firstIndex { $0.hash >= hash } ?? kept.count
      guard place == kept.count || kept[place].hash != hash else { return }
      kept.insert((hash, Array(row)), at: place)
      if kept.count > capacity { kept.removeLast() }
    }
  }

  /// By their hashes.
  var rows: [[Float]] { kept.withLock { $0.map(\.row) } }
}

import Synchronization

/// Some rows of a file, or all of them, chosen by their hashes: the same ones in any order and on any number of threads, and as likely from
/// its end as from its beginning.
final class RowSample: Sendable {
  /// A row with what goes with it.
  struct Entry: Sendable {
    let hash: UInt64
    let row: [Float]
    /// The class that its label names; nil: none.
    let label: Int32?
  }

  private let capacity: Int
  private let state = Mutex<(kept: [Entry], limit: UInt64)>(([], .max))

  init(capacity: Int) { self.capacity = capacity }

  /// Takes a row in, if its hash is among the smallest.
  func offer(_ row: UnsafeBufferPointer<Float>, hash: UInt64, label: Int32? = nil) {
    guard capacity > 0 else { return }
    state.withLock { state in
      guard hash <= state.limit else { return }
      state.kept.append(Entry(hash: hash, row: Array(row), label: label))
      // Seldom, so that a row costs little.
      if state.kept.count - capacity >= max(64, capacity / 8) { Self.prune(&state, capacity) }
    }
  }

  /// By their hashes, each once.
  var entries: [Entry] {
    state.withLock { state in
      Self.prune(&state, capacity)
      return state.kept
    }
  }

  /// The rows alone.
  var rows: [[Float]] { entries.map(\.row) }

  private static func prune(_ state: inout (kept: [Entry], limit: UInt64), _ capacity: Int) {
    // Of rows that are there twice with two labels, the same one in any order.
    state.kept.sort { ($0.hash, $0.label ?? -1) < ($1.hash, $1.label ?? -1) }
    var last: UInt64?
    state.kept.removeAll { entry in
      defer { last = entry.hash }
      return entry.hash == last
    }
    guard capacity > 0, state.kept.count >= capacity else { return }
    state.kept.removeSubrange(capacity...)
    state.limit = state.kept[capacity - 1].hash
  }
}

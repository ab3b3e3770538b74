import Bytes

/// The smallest hashes of a set of rows: enough to know a part of the same rows again in another set, in any order and any form of file.
///
/// Source: Broder, "On the resemblance and containment of documents" (1997). Hashes are no secret, and of 64 bits.
public struct RowSketch: Sendable, Equatable {
  /// How many are kept.
  public static let capacity = 256

  /// Ascending, as numbers without a sign, each once.
  public private(set) var hashes: [UInt64] = []

  /// Of no rows.
  public init() {}

  /// nil: the file has none.
  init?(_ file: any TensorSource, tensor name: String) throws(ModelError) {
    guard let shape = file.shape(of: name) else { return nil }
    guard shape.count == 1, shape[0] <= Self.capacity else {
      throw ModelError(
        .tensor, file.path,
        "tensor '\(name)' has shape \(shape), expected at most \(Self.capacity) hashes; remove the tensor"
      )
    }
    let values = try file.integers(name, shape: shape, reason: "hashes of rows")
    hashes = Set(values.map { UInt64(bitPattern: $0) }).sorted()
  }

  /// Takes a row in.
  public mutating func insert(_ hash: UInt64) {
    if hashes.count == Self.capacity, let last = hashes.last, hash >= last { return }
    let place = place(of: hash)
    guard place == hashes.count || hashes[place] != hash else { return }
    hashes.insert(hash, at: place)
    if hashes.count > Self.capacity { hashes.removeLast() }
  }

  /// Takes the rows of another sketch in.
  public mutating func insert(_ other: RowSketch) {
    for hash in other.hashes { insert(hash) }
  }

  /// Whether a row is one of those that are kept.
  public func contains(_ hash: UInt64) -> Bool {
    let place = place(of: hash)
    return place < hashes.count && hashes[place] == hash
  }

  private func place(of hash: UInt64) -> Int {
    var (low, high) = (0, hashes.count)
    while low < high {
      let middle = (low + high) / 2
      if hashes[middle] < hash { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// How many of these rows a set has, in words, of the different hashes that were met.
  public func share(of met: Set<UInt64>) -> String {
    let percent = 100 * met.count / max(hashes.count, 1)
    return percent == 0 ? "less than 1 %" : "some \(percent) %"
  }

  /// As a file has it; nil: it has none.
  var tensor: Tensor? {
    hashes.isEmpty ? nil : Tensor(hashes.map { Int64(bitPattern: $0) }, shape: [hashes.count])
  }

  /// Of the bits of a row's numbers.
  public static func hash(_ row: UnsafeBufferPointer<Float>) -> UInt64 {
    var hash = UInt64(row.count)
    for value in row {
      // -0 and 0 are the same number.
      hash = SplitMix64.mixed((hash ^ UInt64((value == 0 ? 0 : value).bitPattern)) &+ SplitMix64.increment)
    }
    return hash
  }
}

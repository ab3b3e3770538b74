import Bytes

/// A seeded generator, so that a failure comes again.
public struct SplitMix: RandomNumberGenerator {
  private var numbers: SplitMix64

  public init(state: UInt64) { numbers = SplitMix64(state: state) }

  public mutating func next() -> UInt64 { numbers.next() }

  /// Evenly distributed numbers.
  public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

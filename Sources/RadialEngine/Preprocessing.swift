/// x · scale + offset on each input, one fused operation.
public struct Preprocessing: Sendable, Equatable {
  /// Each input is multiplied with it, first.
  public var scale: Float
  /// Added to each input then.
  public var offset: Float
  /// Leaves inputs as they are.
  public static let identity = Preprocessing(scale: 1, offset: 0)

  /// x · scale + offset of each input x.
  public init(scale: Float, offset: Float) {
    self.scale = scale
    self.offset = offset
  }
}

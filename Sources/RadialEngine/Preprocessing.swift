/// x · scale + offset on each input, one fused operation.
public struct Preprocessing: Sendable, Equatable {
  public var scale: Float
  public var offset: Float
  public static let identity = Preprocessing(scale: 1, offset: 0)

  public init(scale: Float, offset: Float) {
    self.scale = scale
    self.offset = offset
  }
}

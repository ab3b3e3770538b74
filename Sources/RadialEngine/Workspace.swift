/// Room for one block of rows on its way through a network: two buffers that the layers read and write in turn.
///
/// `@unchecked Sendable` because it has one user at a time: whoever calls `forward` with it must not share it until the
/// call returns.
public final class Workspace: @unchecked Sendable {
  /// Rows that go through all layers together. Any number gives the same bits.
  let blockRows: Int
  /// The longest row that fits.
  let stride: Int
  let front: AlignedFloats
  let back: AlignedFloats

  init(blockRows: Int, stride: Int) {
    self.blockRows = blockRows
    self.stride = stride
    front = AlignedFloats(count: blockRows * stride)
    back = AlignedFloats(count: blockRows * stride)
  }
}

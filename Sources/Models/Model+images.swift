/// Rows that are images, whichever way their values lie.
extension Model {
  /// [channels, rows, columns] of rows that come channel by channel; nil: they come cell by cell, or one channel's way is both.
  private var channelsFirst: (channels: Int, cells: Int)? {
    guard let imageShape, imageShape != inputShape, imageShape[2] > 1 else { return nil }
    return (imageShape[2], imageShape[0] * imageShape[1])
  }

  /// A row cell by cell, each with its channels, as pictures have it: of `imageShape`.
  public func cellByCell(_ row: [Float]) -> [Float] {
    guard let (channels, cells) = channelsFirst else { return row }
    return (0..<cells * channels).map { row[$0 % channels * cells + $0 / channels] }
  }

  /// The other way round: such a row as the model takes it.
  public func asTaken(_ row: [Float]) -> [Float] {
    guard let (channels, cells) = channelsFirst else { return row }
    return (0..<cells * channels).map { row[$0 % cells * channels + $0 / cells] }
  }
}

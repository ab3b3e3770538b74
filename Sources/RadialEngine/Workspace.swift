internal import RadialKernels

/// The scratch memory of `forward`: two buffers of one block of rows.
///
/// `@unchecked Sendable`: it may move between threads, and has one user at a time; whoever owns it sees to that (a Dispatch
/// queue, or the part of a batch that it was lent to).
public final class Workspace: @unchecked Sendable {
  /// Rows that pass through all layers together, and floats of one buffer with them, so that what lies between layers stays in the caches:
  /// images are so wide that fewer rows fill them. It does not change a bit of any answer.
  private static let (blockRows, blockFloats) = (48, 1 << 17)
  /// The same of networks whose weights do not stay there: every block of rows reads them from memory once.
  private static let (largeRows, largeFloats) = (256, 1 << 20)
  /// Weights that a second-level cache of 1 MiB holds beside the rows.
  private static let cachedWeights = 1 << 18

  /// Of a block.
  let rows: Int
  let first: AlignedFloats
  let second: AlignedFloats
  /// One image with its zeros around it.
  let border: AlignedFloats
  /// Patches of a convolution in groups, and their sums.
  let patches: AlignedFloats
  /// A block's embeddings of the distance head, and their distances to its prototypes.
  let headFirst: AlignedFloats
  let headSecond: AlignedFloats

  /// Memory for one block of rows.
  init(width: Int, weights: Int, spill: Int, border: Int, scratch: Int, head: Int) {
    let isLarge = weights > Self.cachedWeights
    rows = min(
      isLarge ? Self.largeRows : Self.blockRows, max(1, (isLarge ? Self.largeFloats : Self.blockFloats) / width))
    // Kernels of images read and write up to a vector behind the last one.
    let count = rows * width + max(spill, Int(RK_PANEL))
    first = AlignedFloats(count: count)
    second = AlignedFloats(count: count)
    self.border = AlignedFloats(count: border + Int(RK_PANEL))
    patches = AlignedFloats(count: scratch)
    headFirst = AlignedFloats(count: rows * head)
    headSecond = AlignedFloats(count: rows * head)
  }
}

internal import RadialKernels

/// The scratch memory of `forward`: two buffers of one block of rows, and two of the few images of it that are computed at a time.
///
/// `@unchecked Sendable`: it may move between threads, and has one user at a time; whoever owns it sees to that (a Dispatch
/// queue, or the part of a batch that it was lent to).
public final class Workspace: @unchecked Sendable {
  /// Rows that pass through all matrices together, and floats of one buffer with them, so that what lies between layers stays in the caches.
  /// It does not change a bit of any answer.
  private static let (blockRows, blockFloats) = (48, 1 << 17)
  /// The same of networks whose weights do not stay there: every block of rows reads them from memory once.
  private static let (largeRows, largeFloats) = (256, 1 << 20)
  /// Weights that a second-level cache of 1 MiB holds beside the rows.
  private static let cachedWeights = 1 << 18
  /// Floats of the images that are computed at a time: they and what becomes of them stay in a second-level cache of 512 KiB.
  private static let imageFloats = 1 << 14

  /// Of a block.
  let rows: Int
  /// Images of a block that are computed at a time.
  let images: Int
  let first: AlignedFloats
  let second: AlignedFloats
  /// What the image steps leave of a block.
  let features: AlignedFloats
  /// One image with its zeros around it.
  let border: AlignedFloats
  /// Patches of a convolution in groups, and their sums, or a row of a plane.
  let patches: AlignedFloats
  /// A block's embeddings of the distance head, and their distances to its prototypes.
  let headFirst: AlignedFloats
  let headSecond: AlignedFloats

  /// Memory for one block of rows.
  init(_ sizes: WorkspaceSizes) {
    let isLarge = sizes.weights > Self.cachedWeights
    rows = min(
      isLarge ? Self.largeRows : Self.blockRows, max(1, (isLarge ? Self.largeFloats : Self.blockFloats) / sizes.width))
    images = min(rows, max(1, Self.imageFloats / max(1, sizes.imageWidth)))
    // Kernels of images read and write up to a vector behind the last one.
    let count = max(rows * sizes.width, images * sizes.imageWidth) + max(sizes.spill, Int(RK_PANEL))
    first = AlignedFloats(count: count)
    second = AlignedFloats(count: count)
    features = AlignedFloats(count: rows * sizes.featureWidth)
    border = AlignedFloats(count: sizes.border + Int(RK_PANEL))
    patches = AlignedFloats(count: sizes.scratch)
    headFirst = AlignedFloats(count: rows * sizes.head)
    headSecond = AlignedFloats(count: rows * sizes.head)
  }
}

/// What a network's workspace must hold, in floats.
struct WorkspaceSizes {
  /// Of the widest row outside the image steps.
  var width = 0
  /// Of the widest image within them; 0: there are none.
  var imageWidth = 0
  /// Of what they leave of a row.
  var featureWidth = 0
  /// How far convolutions write behind the last image.
  var spill = 0
  var border = 0
  var scratch = 0
  /// Of a row in the distance head.
  var head = 0
  /// Weights of all layers.
  var weights = 0
}

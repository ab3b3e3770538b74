internal import RadialKernels

/// The matrix that the next step reads: rows of `width` floats, `stride` apart. A struct, because variables that local functions share
/// are heap allocations in debug builds.
struct MatrixView {
  var pointer: UnsafePointer<Float>
  var stride: Int
  var width: Int
  /// The workspace's buffer that it lies in; nil: it is the caller's, not to be written.
  var owned: UnsafeMutablePointer<Float>?

  /// Panels of its columns.
  var panels: Int { padded(width) / Int(RK_PANEL) }

  /// The workspace's other buffer.
  func spare(of workspace: Workspace) -> UnsafeMutablePointer<Float> {
    owned == workspace.first.pointer ? workspace.second.pointer : workspace.first.pointer
  }

  /// From here on the rows lie at `target`.
  mutating func move(to target: UnsafeMutablePointer<Float>, width: Int) {
    self = MatrixView(pointer: UnsafePointer(target), stride: rowStride(width), width: width, owned: target)
  }

  /// Itself in a buffer of the workspace, for steps that work in place.
  mutating func inPlace(rows: Int, _ workspace: Workspace) -> UnsafeMutablePointer<Float> {
    if let owned { return owned }
    let target = spare(of: workspace)
    copy(rows: rows, to: target, stride: rowStride(width))
    move(to: target, width: width)
    return target
  }

  /// Copies rows to another place.
  func copy(rows: Int, to target: UnsafeMutablePointer<Float>, stride: Int) {
    for n in 0..<rows { (target + n * stride).update(from: pointer + n * self.stride, count: width) }
  }
}

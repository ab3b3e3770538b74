/// An image, [rows, columns, channels], row-major: channels last.
public struct ImageShape: Sendable, Equatable {
  /// From top to bottom.
  public var rows: Int
  /// From left to right.
  public var columns: Int
  /// Numbers of a cell.
  public var channels: Int

  /// An image of this shape.
  public init(rows: Int, columns: Int, channels: Int) {
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }

  /// Its values; nil: one of the sizes is not positive, or the product is beyond `Network.maximumWidth`.
  public var count: Int? { boundedProduct([rows, columns, channels]) }
}

/// A size or a step along both axes of an image.
public struct Extent: Sendable, Equatable {
  /// From top to bottom.
  public var rows: Int
  /// From left to right.
  public var columns: Int

  /// Rows and columns.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }
}

/// What lies around an image.
public enum Padding: Sendable, Equatable {
  /// Nothing.
  case valid
  /// As much as makes the output ⌈input / stride⌉ long.
  case same
  /// This much, on each side less than the window is long: so no window lies beside the image.
  case explicit(Margins)
}

/// How a window moves over an image.
public struct Window: Sendable, Equatable {
  /// Cells that become one.
  public var size: Extent
  /// From one window to the next.
  public var strides: Extent
  /// What lies around the image.
  public var padding: Padding
  /// From one of its cells to the next on the image.
  public var dilation: Extent

  /// A window that walks over an image.
  public init(size: Extent, strides: Extent, padding: Padding, dilation: Extent = Extent(rows: 1, columns: 1)) {
    self.size = size
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
  }

  /// Where it comes to lie on an image; nil: it does not fit, or a size is not positive or beyond `Network.maximumWidth`.
  public func placed(on image: ImageShape) -> Placement? {
    let sizes = [size.rows, size.columns, strides.rows, strides.columns, dilation.rows, dilation.columns]
    guard image.count != nil, sizes.allSatisfy({ (1...Network.maximumWidth).contains($0) }),
      let vertical = place((size.rows - 1) * dilation.rows + 1, strides.rows, on: image.rows, \.top, \.bottom),
      let horizontal = place(
        (size.columns - 1) * dilation.columns + 1, strides.columns, on: image.columns, \.left, \.right)
    else { return nil }
    return Placement(
      output: Extent(rows: vertical.count, columns: horizontal.count),
      before: Extent(rows: vertical.before, columns: horizontal.before),
      after: Extent(rows: vertical.after, columns: horizontal.after))
  }

  private func place(
    _ size: Int, _ stride: Int, on length: Int, _ before: KeyPath<Margins, Int>, _ after: KeyPath<Margins, Int>
  ) -> (count: Int, before: Int, after: Int)? {
    switch padding {
    case .valid: return size > length ? nil : ((length - size) / stride + 1, 0, 0)
    case .same:
      // TensorFlow's rule: an odd cell of padding lies behind.
      let count = (length + stride - 1) / stride
      let total = max((count - 1) * stride + size - length, 0)
      return (count, total / 2, total - total / 2)
    case .explicit(let margins):
      let (before, after) = (margins[keyPath: before], margins[keyPath: after])
      guard (0..<size).contains(before), (0..<size).contains(after), before + length + after >= size else { return nil }
      return ((before + length + after - size) / stride + 1, before, after)
    }
  }

  /// Positions along both axes, and the cells of padding around the image.
  public struct Placement: Sendable, Equatable {
    /// Rows and columns of the output.
    public var output: Extent
    /// Rows of padding above the image, columns to its left.
    public var before: Extent
    /// Rows of padding below the image, columns to its right.
    public var after: Extent

    var isPadded: Bool { before != Extent(rows: 0, columns: 0) || after != Extent(rows: 0, columns: 0) }
  }
}

/// Rows and columns along the four sides of an image.
public struct Margins: Sendable, Equatable {
  /// Rows.
  public var top: Int
  /// Rows.
  public var bottom: Int
  /// Columns.
  public var left: Int
  /// Columns.
  public var right: Int

  /// Rows above and below, columns to the left and to the right.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// An image with these margins added around it; nil: a margin is negative, or an image beyond `Network.maximumWidth`.
  public func added(to image: ImageShape) -> ImageShape? {
    guard isPlausible else { return nil }
    let shape = ImageShape(
      rows: top + image.rows + bottom, columns: left + image.columns + right, channels: image.channels)
    return image.count == nil || shape.count == nil ? nil : shape
  }

  /// An image without these margins; nil: a margin is negative, or nothing is left.
  public func removed(from image: ImageShape) -> ImageShape? {
    guard isPlausible else { return nil }
    let shape = ImageShape(
      rows: image.rows - top - bottom, columns: image.columns - left - right, channels: image.channels)
    return image.count == nil || shape.count == nil ? nil : shape
  }

  private var isPlausible: Bool {
    [top, bottom, left, right].allSatisfy { (0...Network.maximumWidth).contains($0) }
  }
}

/// The product of positive numbers, nil beyond `limit` or where one is not positive.
func boundedProduct(_ factors: [Int], limit: Int = Network.maximumWidth) -> Int? {
  var product = 1
  for factor in factors {
    let (value, overflow) = product.multipliedReportingOverflow(by: factor)
    guard factor > 0, !overflow, value <= limit else { return nil }
    product = value
  }
  return product
}

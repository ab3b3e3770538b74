import Bytes
import Glibc

/// The numbers of an array in Fortran order, of which blocks of rows are taken.
///
/// A file is read in strips of some rows, each in D pieces from all over it; what cannot be read from anywhere (a pipe, packed data) is
/// held whole, up to a bound. One user at a time.
final class FortranArray {
  private let layout: ArrayLayout
  private let stream: ByteStream
  /// Of the first number in a file; nil: `strip` holds all rows.
  private let offset: Int?
  /// [D, stripRows]
  private let strip: UnsafeMutableRawPointer
  private let stripRows: Int
  /// The rows that the strip holds.
  private var held: Range<Int>

  private static let stripBytes = 8 << 20
  /// What is held at most.
  static let heldBytes = 512 << 20

  init(_ layout: ArrayLayout, _ stream: ByteStream) throws(RowFileError) {
    self.layout = layout
    self.stream = stream
    let total = layout.rows * layout.rowBytes
    if stream.size != nil, !stream.isPacked {
      offset = stream.position - stream.window.count
      stripRows = max(1, min(layout.rows, Self.stripBytes / layout.rowBytes))
      held = 0..<0
    } else {
      guard total <= Self.heldBytes else {
        throw RowFileError(
          .content, stream.name,
          "is in Fortran order and has \(total) bytes that come from a pipe or are packed, of which at most "
            + "\(Self.heldBytes) can be held; unpack it into a file, or write it again with numpy.ascontiguousarray(a)")
      }
      offset = nil
      stripRows = layout.rows
      held = 0..<layout.rows
    }
    strip = .allocate(byteCount: max(1, stripRows * layout.rowBytes), alignment: 64)
    // From here on everything is there, so that `deinit`, after any error, gives the strip back.
    guard offset == nil else { return }
    let taken = try stream.take(total, into: strip)
    if taken < total {
      throw layout.damaged(stream.name, "there are \(taken) bytes behind the header, expected \(total)")
    }
  }

  deinit { strip.deallocate() }

  /// Copies some rows, [D, count] with count the range's, into `target`.
  func copy(_ rows: Range<Int>, into target: UnsafeMutableRawPointer) throws(RowFileError) {
    let size = layout.element.type.size
    var done = 0
    while done < rows.count {
      let first = rows.lowerBound + done
      if !held.contains(first) { try load(from: first) }
      let count = min(rows.count - done, held.upperBound - first)
      for column in 0..<layout.width {
        let source = strip + (column * held.count + first - held.lowerBound) * size
        (target + (column * rows.count + done) * size).copyMemory(from: source, byteCount: count * size)
      }
      done += count
    }
  }

  /// Reads the strip that begins with a row.
  private func load(from first: Int) throws(RowFileError) {
    guard let offset else { preconditionFailure("all rows are held") }
    let size = layout.element.type.size
    let count = min(stripRows, layout.rows - first)
    for column in 0..<layout.width {
      let taken = try stream.read(
        at: offset + (column * layout.rows + first) * size, count * size, into: strip + column * count * size)
      if taken < count * size { throw layout.damaged(stream.name, "it ends within column \(column)") }
    }
    held = first..<first + count
  }
}

extension ArrayLayout {
  func damaged(_ file: String, _ what: String) -> RowFileError {
    RowFileError(
      .content, file, "its header promises \(rows) rows of \(rowBytes) bytes, and \(what); copy it again")
  }
}

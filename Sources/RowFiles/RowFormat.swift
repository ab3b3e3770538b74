/// The forms in which rows are read.
public enum RowFormat: String, CaseIterable, Sendable {
  /// One row a line: numbers between commas, semicolons, tabs or blanks; with a header line or without.
  case csv
  /// One row a line: `[…numbers…]`, or `{"instance":[…numbers…]}`; or one list of those, or `{"instances":[…]}`, over any lines.
  case jsonl
  /// NumPy's array file: bool, integers and floats of 8 to 64 bits.
  case npy
  /// NumPy's archive of those.
  case npz
  /// The form of the MNIST files.
  case idx

  /// What a file that begins with `start` is. Text that is not JSON is CSV.
  ///
  /// Sources: numpy.lib.format ("\x93NUMPY"); the MNIST page (two zero bytes, a type, the number of dimensions).
  init(detecting start: UnsafeRawBufferPointer) {
    if start.starts(with: NumpyHeader.magic) {
      self = .npy
    } else if NumpyArchive.isArchive(start) {
      self = .npz
    } else if start.count >= 4, start[0] == 0, start[1] == 0, (0x08...0x0e).contains(start[2]) {
      self = .idx
    } else {
      let text = start.starts(with: byteOrderMark) ? UnsafeRawBufferPointer(rebasing: start[3...]) : start
      let first = text.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
      self = first == UInt8(ascii: "[") || first == UInt8(ascii: "{") ? .jsonl : .csv
    }
  }
}

extension RowFormat {
  /// Whether a file that begins with `start` is of a form that is known by its first bytes, which other forms' may look like.
  static func isKnown(_ start: UnsafeRawBufferPointer) -> Bool {
    [.npy, .npz, .idx].contains(RowFormat(detecting: start))
  }
}

/// What some editors put in front of UTF-8.
let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

/// The forms in which rows are read.
public enum RowFormat: String, CaseIterable, Sendable {
  /// One row a line: numbers between commas, semicolons or tabs; with a header line or without.
  case csv
  /// One row a line: `[…numbers…]`, or `{"instance":[…numbers…]}`.
  case jsonl
  /// NumPy's array file: float32, float64 or uint8.
  case npy
  /// The form of the MNIST files: uint8 or float32.
  case idx

  /// What a file that begins with `start` is. Text that is not JSON is CSV.
  ///
  /// Sources: numpy.lib.format ("\x93NUMPY"); the MNIST page (two zero bytes, a type, the number of dimensions).
  init(detecting start: UnsafeRawBufferPointer) {
    if start.starts(with: NumpyHeader.magic) {
      self = .npy
    } else if start.count >= 4, start[0] == 0, start[1] == 0, (0x08...0x0e).contains(start[2]) {
      self = .idx
    } else {
      let text = start.starts(with: byteOrderMark) ? UnsafeRawBufferPointer(rebasing: start[3...]) : start
      let first = text.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
      self = first == UInt8(ascii: "[") || first == UInt8(ascii: "{") ? .jsonl : .csv
    }
  }
}

/// What some editors put in front of UTF-8.
let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

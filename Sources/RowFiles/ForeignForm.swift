/// Files that hold no rows as text or as an array, recognized by how they begin, so that they are refused by what they are.
///
/// Sources: the formats' own specifications, and the magic numbers of file(1).
enum ForeignForm {
  private struct Kind {
    let magic: [UInt8]
    var offset = 0
    /// What it is.
    let name: String
    /// What to do.
    let advice: String

    func begins(_ start: UnsafeRawBufferPointer) -> Bool {
      start.count >= offset + magic.count && start[offset..<offset + magic.count].elementsEqual(magic)
    }
  }

  private static let toCSV = "write its rows as .npy or CSV, such as with pandas' to_csv(index=False)"
  private static let images =
    "write the images' numbers, as the model was trained on them, as an .npy array [N, height, width, channels]"
  private static let unpack = "unpack it, or pack it with gzip"

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static let kinds: [Kind] = [
    Kind(magic: text("PAR1\u{15}"), name: "a Parquet file", advice: toCSV),
    Kind(magic: text("ARROW1\0\0"), name: "an Arrow or Feather file", advice: toCSV),
    Kind(magic: text("FEA1\0"), name: "a Feather file", advice: toCSV),
    Kind(magic: text("Obj\u{1}"), name: "an Avro file", advice: toCSV),
    Kind(magic: text("SQLite format 3\0"), name: "an SQLite database", advice: toCSV),
    Kind(magic: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], name: "an old Excel workbook (.xls)", advice: toCSV),
    Kind(magic: text("$FL2"), name: "an SPSS file", advice: toCSV),
    Kind(magic: text("<stata_dta>"), name: "a Stata file", advice: toCSV),
    Kind(magic: text("MATLAB 5.0 MAT-file"), name: "a MATLAB file", advice: toCSV),
    Kind(magic: text("RDX3\n"), name: "an R data file", advice: toCSV),
    Kind(magic: text("RDX2\n"), name: "an R data file", advice: toCSV),
    Kind(magic: text("X\n\0\0\0"), name: "an R data file (.rds)", advice: toCSV),
    Kind(
      magic: [0x89] + text("HDF\r\n\u{1a}\n"), name: "an HDF5 file",
      advice: "write the data set as .npy with numpy.save; if it is the model, name it before the rows"),
    Kind(magic: [0x28, 0xb5, 0x2f, 0xfd], name: "packed with zstd", advice: unpack),
    Kind(magic: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], offset: 4, name: "packed with bzip2", advice: unpack),
    Kind(magic: [0xfd] + text("7zXZ\0"), name: "packed with xz", advice: unpack),
    Kind(magic: [0x04, 0x22, 0x4d, 0x18], name: "packed with lz4", advice: unpack),
    Kind(magic: [0x1f, 0x9d], name: "packed with compress", advice: unpack),
    Kind(magic: text("7z") + [0xbc, 0xaf, 0x27, 0x1c], name: "a 7-Zip archive", advice: "unpack it"),
    Kind(magic: text("Rar!\u{1a}"), name: "a RAR archive", advice: "unpack it"),
    Kind(magic: text("ustar"), offset: 257, name: "a tar archive", advice: "unpack it, and name the file of rows"),
    Kind(magic: [0x89] + text("PNG\r\n\u{1a}\n"), name: "a PNG image", advice: images),
    Kind(magic: [0xff, 0xd8, 0xff], name: "a JPEG image", advice: images),
    Kind(magic: text("GIF87a"), name: "a GIF image", advice: images),
    Kind(magic: text("GIF89a"), name: "a GIF image", advice: images),
    Kind(magic: text("II*\0"), name: "a TIFF image", advice: images),
    Kind(magic: text("MM\0*"), name: "a TIFF image", advice: images),
    Kind(magic: text("WEBPVP8"), offset: 8, name: "a WebP image", advice: images),
    Kind(magic: text("%PDF-"), name: "a PDF document", advice: "write the rows as CSV"),
    Kind(magic: text("{\\rtf"), name: "an RTF document", advice: "save it as plain text"),
    Kind(magic: text("<!"), name: "an HTML or XML document", advice: "download the file of rows itself"),
    Kind(magic: text("<html"), name: "an HTML document", advice: "download the file of rows itself"),
    Kind(magic: text("<?xml"), name: "an XML document", advice: toCSV),
    Kind(
      magic: text("version https://git-lfs"), name: "a Git LFS pointer",
      advice: "fetch the file itself with git lfs pull"),
    Kind(magic: [0xff, 0xfe], name: "UTF-16 text", advice: utf8),
    Kind(magic: [0xfe, 0xff], name: "UTF-16 text", advice: utf8),
    Kind(magic: [0, 0, 0xfe, 0xff], name: "UTF-32 text", advice: utf8),
  ]

  private static let utf8 = "write it as UTF-8, such as with iconv -f UTF-16 -t UTF-8, or Excel's \"CSV UTF-8\""

  /// The sentence with which a file that begins with `start` is refused; nil: it is none of these.
  static func refusal(_ start: UnsafeRawBufferPointer) -> String? {
    // pickle.PROTO with the protocols that pickle.dump writes, from 2 on.
    if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
      return "is a Python pickle, which is a program and is never run; "
        + "write the array with numpy.save, or the frame with to_csv"
    }
    // A Windows bitmap's two reserved fields are zero, which no text is.
    if start.starts(with: text("BM")), start.count >= 10, start[6..<10].allSatisfy({ $0 == 0 }) {
      return "is a BMP image; \(images)"
    }
    if let kind = kinds.first(where: { $0.begins(start) }) { return "is \(kind.name); \(kind.advice)" }
    // Text of one byte a character has none.
    guard start.prefix(512).contains(0) else { return nil }
    return isUTF16(start)
      ? "is UTF-16 text without a byte order mark; \(utf8)"
      : "is no text: it has NUL bytes, and it is no .npy, .npz or IDX file either; write its rows as .npy or CSV"
  }

  /// Whether every other byte is zero, as in the Latin part of UTF-16.
  private static func isUTF16(_ start: UnsafeRawBufferPointer) -> Bool {
    let sample = start.prefix(min(64, start.count & ~1))
    return [0, 1].contains { parity in
      sample.indices.allSatisfy { (sample[$0] == 0) == ($0 & 1 == parity) }
    }
  }

  /// The sentence for a zip archive that holds no arrays.
  /// - Parameter names: its members'.
  static func refusal(zipMembers names: [String]) -> String {
    func has(_ start: String) -> Bool { names.contains { $0.hasPrefix(start) } }
    if has("xl/") { return "is an Excel workbook (.xlsx); save the sheet as CSV UTF-8" }
    if has("content.xml") { return "is an OpenDocument file (.ods); save the sheet as CSV" }
    if has("word/") || has("ppt/") { return "is an Office document; write the rows as CSV" }
    if names.contains("config.json") { return "is a Keras model (.keras); name the model before the rows" }
    if names.contains(where: { $0.hasSuffix("data.pkl") }) {
      return "is a PyTorch file; write the tensor with numpy.save(file, tensor.numpy())"
    }
    let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    return "is a zip archive of \(names.isEmpty ? "nothing" : shown); unpack it, and name the file of rows"
  }
}

import Bytes

/// The header of an IDX file: two zero bytes, a type, the number of dimensions, then each dimension in four bytes, big-endian.
/// Source: the page of the MNIST database, "The IDX file format".
enum IDXHeader {
  /// Reads the header; the stream stands at the first row then.
  /// - Parameter input: the shape of a row.
  static func read(_ stream: ByteStream, input: [Int]) throws(RowFileError) -> ArrayLayout {
    func invalid(_ sentence: String) -> RowFileError { RowFileError(.content, stream.name, sentence) }
    while stream.window.count < 4, try stream.fill() {}
    guard stream.window.count >= 4, stream.window[0] == 0, stream.window[1] == 0 else {
      throw invalid("is not an IDX file: it does not begin with two zero bytes; name the form with `input_format`")
    }
    let (type, dimensions) = (stream.window[2], Int(stream.window[3]))
    let kinds: [UInt8: NumberType] = [
      0x08: .uint8, 0x09: .int8, 0x0b: .int16, 0x0c: .int32, 0x0d: .float32, 0x0e: .float64,
    ]
    guard let kind = kinds[type] else {
      throw invalid("its IDX type is 0x\(String(type, radix: 16)), expected 0x08, 0x09 or 0x0b to 0x0e; convert it")
    }
    let length = 4 + 4 * dimensions
    while stream.window.count < length, try stream.fill() {}
    guard stream.window.count >= length else {
      throw invalid("ends within its header of \(dimensions) dimensions; copy it again")
    }
    let shape = (0..<dimensions).map { index in
      Int(UInt32(bigEndian: stream.window.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self)))
    }
    stream.consume(length)
    return try ArrayLayout(
      element: ArrayElement(type: kind, isBigEndian: true), shape: shape, input: input, file: stream.name)
  }
}

import Glibc

/// How the rows of a binary file lie: what `NumpyHeader` and `IDXHeader` come to.
struct ArrayLayout: Equatable, Sendable {
  enum Element: Sendable {
    case uint8, float32, float64
    /// IDX is big-endian.
    case bigEndianFloat32

    var bytes: Int {
      switch self {
      case .uint8: 1
      case .float32, .bigEndianFloat32: 4
      case .float64: 8
      }
    }
  }

  let element: Element
  /// N
  let rows: Int
  /// D
  let width: Int

  var rowBytes: Int { width * element.bytes }

  /// Rows of an array of this shape: one an index of the first dimension; an array of one dimension may be a single row.
  init(element: Element, shape: [Int], width: Int, file: String) throws(RowFileError) {
    self.element = element
    self.width = width
    let text = "(" + shape.map(String.init).joined(separator: ", ") + ")"
    guard let first = shape.first else {
      throw RowFileError(.content, file, "its shape is (), a single number; expected rows of \(width) numbers")
    }
    if shape.count == 1, first == width, width > 1 {
      rows = 1
      return
    }
    var found = 1
    for dimension in shape.dropFirst() {
      let (product, overflow) = found.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else {
        throw RowFileError(.content, file, "its shape \(text) is beyond any array; the file is damaged, write it again")
      }
      found = product
    }
    guard found == width else {
      throw RowFileError(
        .content, file,
        "its shape is \(text): rows of \(found) numbers, expected \(width); choose the array that the model was trained for"
      )
    }
    guard first >= 0, !first.multipliedReportingOverflow(by: width * element.bytes).overflow else {
      throw RowFileError(.content, file, "its shape \(text) is beyond any file; the file is damaged, write it again")
    }
    rows = first
  }

  /// Reads one row; the first column that is not finite as Float32, with what was found, if there is one.
  func read(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) -> (column: Int, found: Double)? {
    switch element {
    case .uint8:
      let bytes = source.assumingMemoryBound(to: UInt8.self)
      for column in 0..<width { target[column] = Float(bytes[column]) }
      return nil
    case .float32:
      // In place where source and target are the same memory, as they are until a bad row has been left out.
      if source != UnsafeRawPointer(target) { memmove(target, source, rowBytes) }
    case .bigEndianFloat32:
      for column in 0..<width {
        let bits = source.loadUnaligned(fromByteOffset: 4 * column, as: UInt32.self)
        target[column] = Float(bitPattern: UInt32(bigEndian: bits))
      }
    case .float64:
      for column in 0..<width {
        target[column] = Float(source.loadUnaligned(fromByteOffset: 8 * column, as: Double.self))
      }
    }
    guard !Self.areFinite(target, count: width),
      let column = (0..<width).first(where: { !target[$0].isFinite })
    else { return nil }
    let found =
      element == .float64
      ? source.loadUnaligned(fromByteOffset: 8 * column, as: Double.self) : Double(target[column])
    return (column, found)
  }

  /// By the largest exponent, as integers: a loop that becomes vector instructions.
  private static func areFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    var largest: Int32 = 0
    for index in 0..<count { largest = max(largest, Int32(bitPattern: values[index].bitPattern & 0x7fff_ffff)) }
    return largest < 0x7f80_0000
  }
}

import Bytes
import Glibc

/// How the rows of a binary file lie: what `NumpyHeader` and `IDXHeader` come to.
struct ArrayLayout: Equatable, Sendable {
  let element: ArrayElement
  /// N
  let rows: Int
  /// D
  let width: Int
  /// Of an array in Fortran order, whose first index runs fastest: [D], of each number of a row which of the array's D columns holds it.
  let columns: [Int]?

  var rowBytes: Int { width * element.type.size }

  /// Rows of an array of this shape: one an index of the first dimension, flat or shaped as `input`; an array of one row's shape is one.
  /// - Parameter input: the shape of a row.
  init(
    element: ArrayElement, shape: [Int], isFortran: Bool = false, input: [Int], file: String
  ) throws(RowFileError) {
    func invalid(_ sentence: String) -> RowFileError { RowFileError(.content, file, sentence) }
    self.element = element
    width = input.reduce(1, *)
    let text = Self.text(shape)
    guard let first = shape.first else {
      throw invalid("its shape is (), a single number; expected rows of \(width) numbers")
    }
    var trailing = Array(shape.dropFirst())
    var found = 1
    for dimension in trailing {
      let (product, overflow) = found.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else {
        throw invalid("its shape \(text) is beyond any array; the file is damaged, write it again")
      }
      found = product
    }
    if found == width, shape.count > 1 || width == 1 {
      rows = first
    } else if Self.withoutOnes(shape) == Self.withoutOnes(input) {
      // Such as (28, 28) for an input of 28 × 28 × 1.
      (rows, trailing) = (1, shape)
    } else if shape == [width] {
      (rows, trailing) = (1, shape)
    } else {
      throw invalid(
        "its shape is \(text): rows of \(found) numbers, expected \(width); choose the array that the model was trained for"
      )
    }
    // As many numbers in another order: channels first, or an image on its side.
    guard trailing.count <= 1 || input.count == 1 || Self.withoutOnes(trailing) == Self.withoutOnes(input) else {
      throw invalid(
        "its shape is \(text), and a row of the model is \(Self.text(input)): as many numbers in another order; "
          + "write it in the model's order, such as with numpy.moveaxis(a, 1, -1) where the channels come first")
    }
    guard rows >= 0, !rows.multipliedReportingOverflow(by: width * element.type.size).overflow else {
      throw invalid("its shape \(text) is beyond any file; the file is damaged, write it again")
    }
    columns = isFortran ? Self.fortranColumns(trailing) : nil
  }

  /// Reads one row.
  /// - Returns: the first column that is not finite as Float32, with what was found, if there is one; and the integers that lost digits.
  func read(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) -> (bad: (column: Int, found: Double)?, rounded: Int, first: ArrayElement.Rounded?) {
    let (rounded, first) = element.read(source, into: target, count: width)
    switch element.type {
    case .float16, .float32, .float64: break
    default: return (nil, rounded, first)
    }
    guard !Self.areFinite(target, count: width),
      let column = (0..<width).first(where: { !target[$0].isFinite })
    else { return (nil, 0, nil) }
    return ((column, element.double(source, column)), 0, nil)
  }

  /// Puts a row together out of a strip of an array in Fortran order.
  /// - Parameters:
  ///   - strip: [D, count]
  ///   - row: below `count`.
  func gather(row: Int, of strip: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer) {
    guard let columns else { preconditionFailure("rows in C order lie together") }
    func each<Value: BitwiseCopyable>(_: Value.Type) {
      let size = MemoryLayout<Value>.size
      for index in 0..<width {
        let value = strip.loadUnaligned(fromByteOffset: (columns[index] * count + row) * size, as: Value.self)
        target.storeBytes(of: value, toByteOffset: index * size, as: Value.self)
      }
    }
    switch element.type.size {
    case 1: each(UInt8.self)
    case 2: each(UInt16.self)
    case 4: each(UInt32.self)
    default: each(UInt64.self)
    }
  }

  /// Of each index of a row of this shape in C order, its place in Fortran order.
  private static func fortranColumns(_ shape: [Int]) -> [Int] {
    var places = [0]
    var stride = 1
    for dimension in shape {
      places = places.flatMap { place in (0..<dimension).map { place + $0 * stride } }
      stride *= dimension
    }
    return places
  }

  private static func text(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }

  private static func withoutOnes(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }

  /// By the largest exponent, as integers: a loop that becomes vector instructions.
  private static func areFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    var largest: Int32 = 0
    for index in 0..<count { largest = max(largest, Int32(bitPattern: values[index].bitPattern & 0x7fff_ffff)) }
    return largest < 0x7f80_0000
  }
}

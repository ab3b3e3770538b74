internal import JSONCore

/// What a row of numbers is: [D], or [rows, columns], or [rows, columns, channels].
///
/// A row of an image may come flat, nested as its shape is, without a last dimension of 1, and, of [rows, columns], with one more of 1: as
/// Keras takes it. How deep it is nested says which of these it is.
public struct RowShape: Sendable {
  let shape: json_shape
  /// D: the product of the dimensions.
  public let width: Int

  /// - Parameter dimensions: one to three, each at least 1.
  public init(_ dimensions: [Int]) {
    precondition((1...Int(JSON_MAX_RANK)).contains(dimensions.count), "a row of \(dimensions.count) dimensions")
    var shape = json_shape()
    shape.rank = dimensions.count
    withUnsafeMutableBytes(of: &shape.dimensions) { bytes in
      _ = bytes.bindMemory(to: Int.self).update(fromContentsOf: dimensions)
    }
    self.shape = shape
    width = dimensions.reduce(1, *)
  }

  /// Whether rows may come as a tensor of these dimensions, the batch's first: [N, D], or [N, …] with those of another form of a row.
  public func takes(_ tensor: JSONCursor.WholeNumbers) -> Bool {
    var (form, shape) = (json_shape(), shape)
    guard tensor.count > 1, json_form_of(&shape, tensor.count - 1, &form) else { return false }
    return withUnsafeBytes(of: form.dimensions) { bytes in
      let dimensions = bytes.bindMemory(to: UInt.self)
      return (0..<form.rank).allSatisfy { tensor.values[$0 + 1] == dimensions[$0] }
    }
  }

  /// The tensors that rows may come as, as in a sentence: `[-1,16], [-1,4,4] or [-1,4,4,1]`.
  public var tensorForms: String {
    var shape = shape
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JSON_MAX_FORMS)) { text in
      json_write_forms(text.baseAddress, &shape, true)
      return String(decoding: UnsafeRawBufferPointer(text).prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// An upper bound of the rows that a text can hold: D numbers, D - 1 commas and two brackets are 2D + 1 bytes.
  public func maxRows(inBytes count: Int) -> Int { json_max_rows(count, width) }
}

/// The types of number that a tensor may be written as.
public enum JSONNumberType: Sendable {
  case float, uint8, uint16, uint32, uint64, int8, int16, int32, int64

  fileprivate var value: json_number_type {
    switch self {
    case .float: JSON_AS_FLOAT
    case .uint8: JSON_AS_UINT8
    case .uint16: JSON_AS_UINT16
    case .uint32: JSON_AS_UINT32
    case .uint64: JSON_AS_UINT64
    case .int8: JSON_AS_INT8
    case .int16: JSON_AS_INT16
    case .int32: JSON_AS_INT32
    case .int64: JSON_AS_INT64
    }
  }
}

/// Where the rows of a text go that come after those for which there was a place. Used on the reader's thread only.
public protocol JSONRowPlaces: AnyObject {
  /// Places for more rows, [_, D]; nil: there are no more.
  func morePlaces() -> UnsafeMutableBufferPointer<Float>?
}

/// The place of a text's rows, [capacity, D]: arrays of numbers become rows of it, each number the correctly rounded Float32 of its text.
public struct JSONRows: ~Copyable {
  private var rows: json_rows
  /// What is asked for more places, and D.
  private let more: More?

  private final class More {
    let places: any JSONRowPlaces
    let width: Int
    init(_ places: any JSONRowPlaces, width: Int) { (self.places, self.width) = (places, width) }
  }

  /// - Parameters:
  ///   - values: [capacity, D], which must outlive the reading.
  ///   - capacity: at least 1.
  ///   - places: asked when all of these are taken; nil: there are no others.
  public init(
    _ shape: RowShape, at values: UnsafeMutablePointer<Float>, capacity: Int, then places: (any JSONRowPlaces)? = nil
  ) {
    precondition(capacity > 0, "rows without a place")
    rows = json_rows()
    rows.shape = shape.shape
    rows.width = shape.width
    rows.capacity = capacity
    rows.values = values
    more = places.map { More($0, width: shape.width) }
    guard let more else { return }
    // Retained by this value, inside whose calls alone it is asked.
    rows.context = Unmanaged.passUnretained(more).toOpaque()
    rows.more = { context, capacity in
      let more = Unmanaged<More>.fromOpaque(context!).takeUnretainedValue()
      guard let places = more.places.morePlaces() else { return nil }
      capacity!.pointee = places.count / more.width
      return places.baseAddress
    }
  }

  /// Rows read so far.
  public var count: Int { rows.count }

  /// Reads a list of rows, at least one and at most as many as there is room for.
  /// - Parameters:
  ///   - path: what the list is called in errors.
  ///   - notObject: what is expected where an object stands for a row; nil: an array of numbers.
  public mutating func readList(
    _ json: borrowing JSONCursor, _ path: JSONPath, notObject: StaticString? = nil
  ) throws(JSONError) {
    rows.name = path.name.cString
    rows.is_single = false
    rows.not_object = notObject?.cString
    let isRead = json.withCursor { json_read_rows($0, &rows) }
    guard isRead else { throw json.failure(path) }
  }

  /// Reads one row that stands in no list.
  public mutating func readSingle(_ json: borrowing JSONCursor, _ path: JSONPath) throws(JSONError) {
    rows.name = path.name.cString
    rows.is_single = true
    let isRead = json.withCursor { json_read_row($0, &rows, 0) }
    guard isRead else { throw json.failure(path) }
  }

  /// Steps into a list whose elements hold rows in a way of their own: `next` steps to each, and `read` reads the row in it.
  public mutating func beginList(_ json: borrowing JSONCursor, _ path: JSONPath) throws(JSONError) {
    rows.name = path.name.cString
    rows.is_single = false
    let hasBegun = json.withCursor { json_begin_rows($0, &rows) }
    guard hasBegun else { throw json.failure(path) }
  }

  /// Steps to element `index`, the next one; false: over the list's end.
  public mutating func next(_ json: borrowing JSONCursor, _ index: Int) throws(JSONError) -> Bool {
    switch json.withCursor({ json_next_row($0, &rows, index) }) {
    case JSON_NEXT: return true
    case JSON_END: return false
    default: throw json.failure("")
    }
  }

  /// Reads the row of element `index`, which begins here.
  public mutating func read(_ json: borrowing JSONCursor, _ index: Int) throws(JSONError) {
    let isRead = json.withCursor { json_read_row($0, &rows, index) }
    guard isRead else { throw json.failure("") }
  }

  /// Reads an array of numbers, depth first, with any brackets between them, into the rows' places.
  /// - Parameters:
  ///   - typeName: what the type is called in errors.
  ///   - path: what the array is called there.
  ///   - wanted: how many there should be; one more is not read any more.
  /// - Returns: how many numbers there are; one more than are wanted: at least so many.
  public mutating func readNumbers(
    _ json: borrowing JSONCursor, as type: JSONNumberType, _ typeName: StaticString, _ path: JSONPath, wanted: Int
  ) throws(JSONError) -> Int {
    var count = 0
    let isRead = json.withCursor {
      json_read_numbers($0, type.value, typeName.cString, path.name.cString, &rows, wanted, &count)
    }
    guard isRead else { throw json.failure(path) }
    return count
  }
}

/// A dataset: a type, a shape and its elements, one after another.
public struct HDF5Dataset {
  /// Of its elements.
  public let type: HDF5Datatype
  /// [] is one element.
  public let shape: [Int]
  /// Row-major, little-endian, `type.bytes` × the product of `shape`.
  public let bytes: ByteSlice
  /// Which object this is: two paths may lead to the same one.
  public let identity: UInt64

  /// - Throws: when the elements are chunked, filtered or in another file, or do not lie within this one.
  init(_ header: HDF5ObjectHeader, at address: UInt64, in file: HDF5File, _ path: String) throws(FormatError) {
    let what = "dataset '\(path)'"
    guard let datatype = header.first(.datatype), let dataspace = header.first(.dataspace),
      let layout = header.first(.layout)
    else { throw .damaged("'\(path)' is no dataset") }
    guard header.first(.filters) == nil else { throw .unsupported("\(what) is compressed or filtered") }
    guard header.first(.externalFiles) == nil else { throw .unsupported("\(what) keeps its data in another file") }
    identity = address
    type = try HDF5Datatype(datatype, what)
    shape = try HDF5Dataspace.shape(dataspace, what)
    let size = try HDF5Dataspace.bytes(shape, size: type.bytes, what)
    bytes = try Self.data(layout, size: size, in: file, what)
  }

  /// The data layout message (IV.A.2.i), versions 3 and 4.
  private static func data(
    _ layout: ByteSlice, size: Int, in file: HDF5File, _ what: String
  ) throws(FormatError) -> ByteSlice {
    let version = try layout.integer(UInt8.self, at: 0, what)
    guard version == 3 || version == 4 else { throw .unsupported("\(what) has a layout of version \(version)") }
    let storage = try layout.integer(UInt8.self, at: 1, what)
    switch storage {
    case 0:
      let stored = Int(try layout.integer(UInt16.self, at: 2, what))
      guard stored >= size else { throw .damaged("\(what) stores \(stored) bytes, expected \(size)") }
      return try layout.part(4, size, what)
    case 1:
      guard size > 0 else { return ByteSlice([]) }
      let address = try layout.integer(UInt64.self, at: 2, what)
      let stored = try layout.integer(UInt64.self, at: 10, what)
      guard address != HDF5File.undefinedAddress else { throw .damaged("\(what) was never written") }
      guard stored == UInt64(size) else { throw .damaged("\(what) stores \(stored) bytes, expected \(size)") }
      return try file.part(address, size, what)
    case 2: throw .unsupported("\(what) is chunked")
    default: throw .unsupported("\(what) has the storage class \(storage)")
    }
  }
}

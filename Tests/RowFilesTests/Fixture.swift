import CZlib
import Foundation
import RowFiles
import TestSupport

/// A folder of a test's own, gone with it.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("radial-rows-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// - Returns: the path of a file with these bytes.
  func file(_ bytes: [UInt8], name: String = "rows") throws -> String {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }
}

/// What a file was read as.
struct Reading: Equatable {
  var format: RowFormat
  var rows: [[Float]] = []
  var numbers: [Int] = []
  /// Without the file's name.
  var problems: [String] = []
  /// Integers that lost digits.
  var rounded = 0
  /// Whether a row was so bad that those behind it are not looked for.
  var ended = false
}

/// Reads a whole file in blocks of `capacity` rows.
func read(
  _ bytes: [UInt8], width: Int, capacity: Int = 2, _ configure: (inout RowFile.Options) -> Void = { _ in }
) throws -> Reading {
  let folder = try Folder()
  return try read(path: try folder.file(bytes), shape: [width], capacity: capacity, configure)
}

func read(
  path: String, shape: [Int], capacity: Int = 2, _ configure: (inout RowFile.Options) -> Void = { _ in }
) throws -> Reading {
  var options = RowFile.Options()
  configure(&options)
  let file = try RowFile(path: path, shape: shape, options: options)
  let width = file.width
  let block = RowBlock(width: width, capacity: capacity)
  var reading = Reading(format: file.format)
  while try file.cut(into: block) {
    file.parse(block)
    for row in 0..<block.count {
      reading.rows.append(Array(UnsafeBufferPointer(start: block.rows + row * width, count: width)))
    }
    reading.numbers += block.numbers
    reading.problems += block.problems.map { String($0.description.dropFirst(file.name.count + 2)) }
    reading.rounded += block.rounded.count
    if block.problems.last?.endsFile == true {
      reading.ended = true
      break
    }
  }
  return reading
}

func read(
  _ text: String, width: Int, capacity: Int = 2, _ configure: (inout RowFile.Options) -> Void = { _ in }
) throws -> Reading {
  try read(Array(text.utf8), width: width, capacity: capacity, configure)
}

/// The sentence with which a file is refused, without its name; empty: it is not.
func refusal(
  _ bytes: [UInt8], width: Int, _ configure: (inout RowFile.Options) -> Void = { _ in }
) throws -> String {
  do {
    _ = try read(bytes, width: width, configure)
    return ""
  } catch let error as RowFileError {
    return error.description
  }
}

func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

/// An .npy file.
func npy(
  _ type: String, _ shape: [Int], _ data: [UInt8], version: UInt8 = 1, fortran: Bool = false
) -> [UInt8] {
  let dimensions = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
  var header = "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': (\(dimensions)), }"
  while (header.utf8.count + (version == 1 ? 10 : 12) + 1) % 64 != 0 { header += " " }
  header += "\n"
  let length = UInt32(header.utf8.count)
  let size = version == 1 ? bytes([UInt16(length)]) : bytes([length])
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data
}

/// An IDX file.
func idx(_ type: UInt8, _ shape: [Int], _ data: [UInt8]) -> [UInt8] {
  [0, 0, type, UInt8(shape.count)] + shape.flatMap { bytes([UInt32($0).bigEndian]) } + data
}

/// One gzip member.
func gzip(_ plain: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  precondition(
    deflateInit2_(
      &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      == Z_OK)
  defer { deflateEnd(&stream) }
  var (source, target) = (plain, [UInt8](repeating: 0, count: plain.count + 1024))
  let count = source.withUnsafeMutableBufferPointer { source in
    target.withUnsafeMutableBufferPointer { target in
      (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
      (stream.next_out, stream.avail_out) = (target.baseAddress, UInt32(target.count))
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return target.count - Int(stream.avail_out)
    }
  }
  return Array(target.prefix(count))
}

import Foundation
import HTTPServer

/// A request line and header section, taken apart as libmicrohttpd does it: in place, with a NUL behind each part.
final class RequestHead {
  private(set) var validator = HeaderValidator(isParserStrict: false)
  private(set) var method = HTTPMethod.other
  private(set) var path = ""
  private(set) var authority: String?
  private(set) var isChunked = false
  private var version = HeaderValidator.Version.other
  private var fields: [(name: String, value: String)] = []
  /// Kept, because the validator points into it.
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  /// - Parameter source: up to and with the empty line.
  init(_ source: ArraySlice<UInt8>) {
    bytes = .allocate(capacity: source.count + 1)
    _ = bytes.initialize(from: source + [0])
    let lineEnd = bytes.firstRange(of: Array("\r\n".utf8))!.lowerBound
    readLine(..<lineEnd)
    var start = lineEnd + 2
    while start < source.count - 2 {
      let end = bytes[start...].firstRange(of: Array("\r\n".utf8))!.lowerBound
      readField(start..<end)
      start = end + 2
    }
    validator.end(UnsafeRawPointer(bytes.baseAddress! + source.count))
  }

  deinit { bytes.deallocate() }

  /// `X-Request-ID` as sent, if it may be echoed.
  var requestID: String? { validator.requestID.map { String(cString: $0) } }

  /// The value of the first header of a name, whatever its case.
  func value(of name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }

  func decision(_ limits: HeaderValidator.Limits) -> HeaderValidator.Decision {
    validator.decision(version: version, headerBytes: bytes.count - 1, limits: limits)
  }

  /// Method, target and version, between single spaces; a target may hold others, and is then found faulty.
  private func readLine(_ range: PartialRangeUpTo<Int>) {
    let line = bytes[range]
    guard let first = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20), first < last else {
      return validator.fail("no three parts in its request line")
    }
    for place in [first, last, range.upperBound] { bytes[place] = 0 }
    func text(at place: Int) -> UnsafePointer<CChar> {
      UnsafeRawPointer(bytes.baseAddress! + place).assumingMemoryBound(to: CChar.self)
    }
    method = HTTPMethod(text(at: 0))
    version = HeaderValidator.Version(text(at: last + 1))
    _ = validator.take(target: text(at: first + 1))
    validator.begin(versionEnd: UnsafeRawPointer(bytes.baseAddress! + range.upperBound))
    authority = RequestTarget.authority(of: text(at: first + 1))
    let target = String(cString: text(at: first + 1))
    let withoutQuery = String(target.prefix { $0 != "?" })
    let decoded = withoutQuery.removingPercentEncoding ?? withoutQuery
    path = decoded.withCString { String(cString: RequestTarget.path(of: $0)) }
  }

  private func readField(_ range: Range<Int>) {
    let isFolded = bytes[range.lowerBound] == 0x20 || bytes[range.lowerBound] == 0x09
    guard !isFolded, let colon = bytes[range].firstIndex(of: 0x3a) else {
      return validator.fail(isFolded ? "a folded header line" : "a header line without a colon")
    }
    let start = bytes[(colon + 1)..<range.upperBound].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? range.upperBound
    let name = UnsafeBufferPointer(rebasing: bytes[range.lowerBound..<colon])
    let value = UnsafeBufferPointer(rebasing: bytes[start..<range.upperBound])
    (bytes[colon], bytes[range.upperBound]) = (0, 0)
    validator.take(name: name, value: value)
    fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    if fields.last!.name.lowercased() == "transfer-encoding", fields.last!.value == "chunked" { isChunked = true }
  }
}

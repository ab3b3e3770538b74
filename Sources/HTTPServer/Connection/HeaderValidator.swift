import Bytes

/// Judges a header section before its body is read: what libmicrohttpd's parser lets through (0.9.75's in particular; from 0.9.77 on it is
/// strict), a proxy in front may have read differently, and that difference is request smuggling. A pure state machine: every field once,
/// then `decision`.
package struct HeaderValidator {
  /// The HTTP version of a request line.
  package enum Version { case http10, http11, other }
  /// How a body is compressed (RFC 9110 8.4.1); `unsupported`: in a way that is not spoken here, which is said when it has arrived.
  package enum ContentCoding { case identity, gzip, deflate, unsupported }

  /// What is made of a header section.
  package enum Decision: Equatable {
    case accept
    /// - Parameter drainable: a body follows in a framing that is trusted, so that it can be read and thrown away.
    case reject(ServerRejection, drainable: Bool)
  }

  /// What a header section and the body that it announces may have.
  package struct Limits {
    /// Of the whole section, in bytes.
    package var maxHeaderBytes: Int
    /// Of the body, as sent and as inflated.
    package var maxBodyBytes: Int
    /// Whether a body needs a `Content-Length`.
    package var refusesChunked: Bool

    /// Limits in bytes.
    package init(maxHeaderBytes: Int, maxBodyBytes: Int, refusesChunked: Bool = false) {
      self.maxHeaderBytes = maxHeaderBytes
      self.maxBodyBytes = maxBodyBytes
      self.refusesChunked = refusesChunked
    }

    /// The limits that a configuration asks for.
    package init(_ configuration: ServerConfiguration) {
      // A body that takes more than half of the memory leaves none for its rows, and fits at no time; zlib counts in 32 bits.
      self.init(
        maxHeaderBytes: configuration.maxHeaderBytes,
        maxBodyBytes: min(configuration.maxBodyBytes, configuration.memory.limit / 2, Int(UInt32.max)),
        refusesChunked: configuration.refusesChunked)
    }
  }

  /// What `Content-Length` says; nil: there is none.
  package private(set) var contentLength: Int?
  /// Whether `Transfer-Encoding` is exactly `chunked`.
  package private(set) var isChunked = false
  /// Whether the client waits for `100 Continue` (RFC 9110 10.1.1).
  package private(set) var expectsContinue = false
  /// What `Content-Encoding` says.
  package private(set) var coding = ContentCoding.identity
  /// NUL-terminated, in the connection's memory pool: valid until the request is over.
  package private(set) var requestID: UnsafePointer<CChar>?

  private let isParserStrict: Bool
  private var fault: ServerRejection.HeaderFault?
  /// One past the last byte that was understood: the request line's version, then each value.
  private var understoodEnd: UnsafeRawPointer?
  private var hosts = 0
  private var lengths = 0
  private var transferCodings = 0
  private var contentCodings = 0
  /// Which of the fields that may be there once were, a bit each.
  private var seen: UInt8 = 0
  /// Of one of them that was there again.
  private var repeated: ServerRejection.HeaderFault?
  private var hasUnknownTransferCoding = false

  /// A validator that has seen nothing.
  /// - Parameter isParserStrict: whether the parser refuses NUL and bare LF by itself. It takes blanks off the end of a value, so that no
  ///   two values need to be a line end apart.
  package init(isParserStrict: Bool) { self.isParserStrict = isParserStrict }

  /// Looks at the request target, undecoded.
  /// - Returns: where it ends.
  package mutating func take(target: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    // Without MHD_OPTION_STRICT_FOR_CLIENT spaces in the URL pass; and the decoded path, a C string, ends at a %00.
    var at = target
    while at.pointee != 0 {
      let byte = UInt8(bitPattern: at.pointee)
      if byte <= 0x20 || byte == 0x7f { fail("a space or control byte in its request target") }
      if byte == 0x25, at[1] == 0x30, at[2] == 0x30 { fail("an encoded NUL in its request target") }
      at += 1
    }
    return at
  }

  /// Looks at the request's method.
  package mutating func take(method: UnsafePointer<CChar>) {
    var at = method
    while at.pointee != 0 {
      if !ByteClass.token.contains(UInt8(bitPattern: at.pointee)) { return fail("a method that is not a token") }
      at += 1
    }
  }

  /// Begins with the request line: its last part, the version, ends here.
  package mutating func begin(versionEnd: UnsafeRawPointer) { understoodEnd = versionEnd }

  /// Ends the section. The parser writes a NUL over the colon of an empty name, and then takes that line for the empty one
  /// that ends the section: the rest would be read as a body or as another request. So between the last value and the
  /// section's end there must be exactly two line ends, CR LF each. By their length: what they were has been overwritten with NULs.
  package mutating func end(_ sectionEnd: UnsafeRawPointer) {
    if !isParserStrict, let understoodEnd, sectionEnd - understoodEnd != 4 { fail(Self.gap) }
  }

  private static let gap: ServerRejection.HeaderFault = "a NUL, an empty header name or a line that ends without CR LF"

  /// Takes one field as libmicrohttpd's iterator gives it, in the order they came: trailing blanks are still part of the value.
  package mutating func take(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    guard let nameStart = name.baseAddress, !name.isEmpty else { return fail("an empty header name") }
    for byte in name where !ByteClass.token.contains(byte) { return fail("a header name that is not a token") }
    for byte in value where !ByteClass.fieldValue.contains(byte) { return fail("a control byte in a header value") }
    // A field folded over two lines (obs-fold) is put together elsewhere in the connection's pool: only an unfolded value
    // lies behind its name, one colon and some blanks away.
    if let valueStart = value.baseAddress {
      var between = UnsafeRawPointer(nameStart) + name.count + 1
      guard between <= UnsafeRawPointer(valueStart) else { return fail("a folded header line") }
      while between < UnsafeRawPointer(valueStart) {
        let byte = between.load(as: UInt8.self)
        guard byte == 0x20 || byte == 0x09 else { return fail("a folded header line") }
        between += 1
      }
      // Values are C strings: what a NUL hides lies between this name and the last value.
      if !isParserStrict, let understoodEnd, UnsafeRawPointer(nameStart) - understoodEnd != 2 { fail(Self.gap) }
      understoodEnd = UnsafeRawPointer(valueStart + value.count)
    }
    let wholeValue = value
    let value = trimmed(value)
    switch name.count {
    case 4 where Self.matches(name, "host"):
      hosts += 1
      if !Self.isHost(value) { fail("a Host that is not a name or address with a port") }
    case 6 where Self.matches(name, "expect"):
      expectsContinue = Self.matches(value, "100-continue")
    case 12 where Self.matches(name, "x-request-id"):
      // Echoed as a C string: nothing may have been trimmed behind it.
      if (1...128).contains(value.count), value.baseAddress?[value.count] == 0,
        value.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), let start = value.baseAddress
      {
        requestID = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
      }
    case 14 where Self.matches(name, "content-length"):
      lengths += 1
      takeLength(value)
    case 16 where Self.matches(name, "content-encoding"):
      contentCodings += 1
      coding = contentCodings > 1 ? .unsupported : Self.coding(value)
    case 17 where Self.matches(name, "transfer-encoding"):
      transferCodings += 1
      // Untrimmed: libmicrohttpd does not take "chunked " for chunked, and would read until the client closes.
      if Self.matches(wholeValue, "chunked") { isChunked = true } else { hasUnknownTransferCoding = true }
    // Fields of one value that decide who asks and how a body is read (RFC 9110 5.3): of two, a proxy in front may have taken the other one.
    case 6 where Self.matches(name, "origin"): takeOnce(1, "more than one Origin")
    case 13 where Self.matches(name, "authorization"): takeOnce(2, "more than one Authorization")
    case 20 where Self.matches(name, "x-request-timeout-ms"): takeOnce(4, "more than one X-Request-Timeout-Ms")
    case 31 where Self.matches(name, "inference-header-content-length"):
      takeOnce(8, "more than one Inference-Header-Content-Length")
    default: break
    }
  }

  /// - Parameter bit: the field's.
  private mutating func takeOnce(_ bit: UInt8, _ fault: ServerRejection.HeaderFault) {
    if seen & bit != 0 { repeated = fault }
    seen |= bit
  }

  /// Notes a fault found elsewhere (the request line); the first one counts.
  package mutating func fail(_ what: ServerRejection.HeaderFault) { if fault == nil { fault = what } }

  /// What follows from the fields that were taken, once the section has ended.
  package func decision(version: Version, headerBytes: Int, limits: Limits) -> Decision {
    if let fault { return .reject(.malformedHeader(fault), drainable: false) }
    if version == .other { return .reject(.unsupportedVersion, drainable: false) }
    if lengths > 1 { return .reject(.malformedHeader("more than one Content-Length"), drainable: false) }
    if transferCodings > 1 { return .reject(.malformedHeader("more than one Transfer-Encoding"), drainable: false) }
    if lengths == 1 && transferCodings == 1 {
      return .reject(.malformedHeader("both Content-Length and Transfer-Encoding"), drainable: false)
    }
    if version == .http10 && transferCodings > 0 {
      return .reject(.malformedHeader("Transfer-Encoding in HTTP/1.0"), drainable: false)
    }
    if hasUnknownTransferCoding { return .reject(.unsupportedTransferCoding, drainable: false) }
    // From here on the framing is trusted. A client that waits for 100 has sent nothing yet: it sees the answer at once.
    let drainable = (isChunked || contentLength ?? 0 > 0) && !expectsContinue
    if isChunked && limits.refusesChunked { return .reject(.lengthRequired, drainable: drainable) }
    if hosts > 1 { return .reject(.malformedHeader("more than one Host"), drainable: drainable) }
    if let repeated { return .reject(.malformedHeader(repeated), drainable: drainable) }
    if hosts == 0 && version == .http11 { return .reject(.malformedHeader("no Host"), drainable: drainable) }
    if headerBytes > limits.maxHeaderBytes {
      return .reject(.headerTooLarge(bytes: headerBytes, limit: limits.maxHeaderBytes), drainable: drainable)
    }
    if let contentLength, contentLength > limits.maxBodyBytes {
      return .reject(.bodyTooLarge(limit: limits.maxBodyBytes), drainable: drainable)
    }
    if coding == .unsupported && expectsContinue { return .reject(.unsupportedEncoding, drainable: false) }
    return .accept
  }

  private func trimmed(_ value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var count = value.count
    while count > 0, value[count - 1] == 0x20 || value[count - 1] == 0x09 { count -= 1 }
    return UnsafeBufferPointer(rebasing: value[..<count])
  }

  private mutating func takeLength(_ value: UnsafeBufferPointer<UInt8>) {
    guard (1...18).contains(value.count), value.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return fail("a Content-Length that is not a number")
    }
    contentLength = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// RFC 9110 7.2, RFC 3986 3.2.2: a name, or an address in brackets, and perhaps a port. Empty where there is no authority.
  private static func isHost(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    var rest = value[...]
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
      guard rest[1..<end].allSatisfy({ ByteClass.host.contains($0) || $0 == UInt8(ascii: ":") }) else { return false }
      rest = rest[(end + 1)...]
    } else {
      while let byte = rest.first, ByteClass.host.contains(byte) { rest.removeFirst() }
    }
    return rest.isEmpty
      || rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func coding(_ value: UnsafeBufferPointer<UInt8>) -> ContentCoding {
    if matches(value, "gzip") || matches(value, "x-gzip") { return .gzip }
    if matches(value, "deflate") { return .deflate }
    return matches(value, "identity") || value.isEmpty ? .identity : .unsupported
  }

  /// Compares with a lower-case ASCII literal, letters in either case.
  private static func matches(_ bytes: UnsafeBufferPointer<UInt8>, _ literal: StaticString) -> Bool {
    guard bytes.count == literal.utf8CodeUnitCount else { return false }
    let expected = literal.utf8Start
    for index in 0..<bytes.count {
      let byte = bytes[index]
      let lowered = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      if lowered != expected[index] { return false }
    }
    return true
  }
}

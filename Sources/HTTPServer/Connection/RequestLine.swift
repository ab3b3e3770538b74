import Glibc

// What the parts of a request line mean (RFC 9112 3), as the C strings that libmicrohttpd makes of them.

extension HTTPMethod {
  /// - Parameter name: as it stands in the request line.
  package init(_ name: UnsafePointer<CChar>) {
    self =
      switch name[0] {
      case 0x47 where strcmp(name, "GET") == 0: .get
      case 0x48 where strcmp(name, "HEAD") == 0: .head
      case 0x50 where strcmp(name, "POST") == 0: .post
      case 0x50 where strcmp(name, "PUT") == 0: .put
      case 0x50 where strcmp(name, "PATCH") == 0: .patch
      case 0x44 where strcmp(name, "DELETE") == 0: .delete
      case 0x4f where strcmp(name, "OPTIONS") == 0: .options
      default: .other
      }
  }
}

extension HeaderValidator.Version {
  /// - Parameter name: as it stands in the request line.
  package init(_ name: UnsafePointer<CChar>) {
    self = strcmp(name, "HTTP/1.1") == 0 ? .http11 : strcmp(name, "HTTP/1.0") == 0 ? .http10 : .other
  }
}

/// The parts of a request target.
package enum RequestTarget {
  /// Whom a target in absolute form asks, which counts instead of `Host` (RFC 9112 3.2.2); nil: it is in another form.
  package static func authority(of target: UnsafePointer<CChar>) -> String? {
    let scheme = schemeBytes(target)
    guard scheme > 0 else { return nil }
    return String(
      decoding: UnsafeRawBufferPointer(start: target + scheme, count: strcspn(target + scheme, "/?")), as: UTF8.self)
  }

  /// Without its query: behind the authority of a target in absolute form, which a server must accept (RFC 9112 3.2.2); otherwise the target itself.
  package static func path(of target: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    let scheme = schemeBytes(target)
    guard scheme > 0 else { return target }
    return strchr(target + scheme, 0x2f).map { UnsafePointer($0) } ?? cString("/")
  }

  private static func schemeBytes(_ target: UnsafePointer<CChar>) -> Int {
    guard target[0] != 0x2f else { return 0 }
    return strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0
  }
}

/// The bytes of a literal as a C string: "utf8Start: a pointer to a null-terminated sequence of UTF-8 code units".
func cString(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

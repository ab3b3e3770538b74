import Testing

@testable import HTTPServer

/// The validator without a socket: fields as libmicrohttpd's parser leaves them in its buffer.
@Suite struct HeaderValidatorTests {
  static let limits = HeaderValidator.Limits(maxHeaderBytes: 1000, maxBodyBytes: 100)

  /// Feeds `Name: value` lines, each followed by CR LF, and then the empty line, as one buffer.
  private func validator(of lines: [String], tail: Int = 2) -> HeaderValidator {
    let bytes = Array(("HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n\r\n\r\n").utf8)
    var validator = HeaderValidator(isParserStrict: false)
    bytes.withUnsafeBufferPointer { all in
      var at = 10
      validator.begin(versionEnd: UnsafeRawPointer(all.baseAddress! + 8))
      for line in lines.map({ Array($0.utf8) }) {
        let colon = line.firstIndex(of: 0x3a)!
        let name = UnsafeBufferPointer(rebasing: all[at..<(at + colon)])
        let value = UnsafeBufferPointer(rebasing: all[(at + colon + 2)..<(at + line.count)])
        validator.take(name: name, value: value)
        at += line.count + 2
      }
      validator.end(UnsafeRawPointer(all.baseAddress! + at + tail))
    }
    return validator
  }

  private func status(_ validator: HeaderValidator, _ version: HeaderValidator.Version = .http11, bytes: Int = 100)
    -> Int
  {
    switch validator.decision(version: version, headerBytes: bytes, limits: Self.limits) {
    case .accept: 200
    case .reject(let rejection, _): rejection.status
    }
  }

  @Test func acceptsAndCollects() {
    let validator = validator(of: [
      "Host: a", "Content-Length: 100", "content-encoding: X-Gzip", "Expect: 100-Continue",
    ])
    #expect(status(validator) == 200)
    #expect(validator.contentLength == 100)
    #expect(validator.coding == .gzip)
    #expect(validator.expectsContinue)
  }

  @Test func limitsAreInclusive() {
    #expect(status(validator(of: ["Host: a"]), bytes: 1000) == 200)
    #expect(status(validator(of: ["Host: a"]), bytes: 1001) == 431)
    #expect(status(validator(of: ["Host: a", "Content-Length: 101"])) == 413)
  }

  @Test(arguments: [0, 1, 3, 5])
  func theSectionMustEndWhereItsLastFieldSays(tail: Int) {
    #expect(status(validator(of: ["Host: a"], tail: tail)) == 400)
  }

  @Test func versionsDifferInWhatTheyNeed() {
    #expect(status(validator(of: []), .http10) == 200)
    #expect(status(validator(of: []), .http11) == 400)
    #expect(status(validator(of: ["Host: a"]), .other) == 505)
    #expect(status(validator(of: ["Transfer-Encoding: chunked"]), .http10) == 400)
  }

  @Test(arguments: [
    "Authorization: Bearer a", "Origin: http://a", "Inference-Header-Content-Length: 1",
    "X-Request-Timeout-Ms: 5",
  ])
  func `a field that decides something may be there once`(line: String) {
    #expect(status(validator(of: ["Host: a", line])) == 200)
    #expect(status(validator(of: ["Host: a", line, line.lowercased()])) == 400)
    #expect(status(validator(of: ["Host: a", "Accept: a", "Accept: b", line])) == 200)
  }

  @Test func onlyTrustedFramingIsDrained() {
    func isDrainable(_ validator: HeaderValidator) -> Bool? {
      switch validator.decision(version: .http11, headerBytes: 100, limits: Self.limits) {
      case .accept: nil
      case .reject(_, let drainable): drainable
      }
    }
    #expect(isDrainable(validator(of: ["Host: a", "Content-Length: 101"])) == true)
    #expect(isDrainable(validator(of: ["Host: a", "Host: a", "Transfer-Encoding: chunked"])) == true)
    #expect(isDrainable(validator(of: ["Host: a", "Host: a"])) == false)
    #expect(isDrainable(validator(of: ["Host: a", "Content-Length: 101", "Expect: 100-continue"])) == false)
    #expect(isDrainable(validator(of: ["Host: a", "Content-Length: 1", "Content-Length: 1"])) == false)
    #expect(isDrainable(validator(of: ["Host: a", "Transfer-Encoding: gzip"])) == false)
    #expect(isDrainable(validator(of: ["Host: a", "Content-Length: 1", "A(b: c"])) == false)
  }
}

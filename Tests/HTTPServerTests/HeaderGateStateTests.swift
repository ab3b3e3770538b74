import Testing

@testable import HTTPServer

/// The gate without a socket: fields as libmicrohttpd's parser leaves them in its buffer.
@Suite struct HeaderGateStateTests {
  static let limits = HeaderGate.Limits(maxHeaderBytes: 1000, maxBodyBytes: 100)

  /// Feeds `Name: value` lines, each followed by CR LF, and then the empty line, as one buffer.
  private func gate(_ lines: [String], tail: Int = 2) -> HeaderGate {
    let bytes = Array(("HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n\r\n\r\n").utf8)
    var gate = HeaderGate()
    bytes.withUnsafeBufferPointer { all in
      var at = 10
      gate.begin(versionEnd: UnsafeRawPointer(all.baseAddress! + 8))
      for line in lines.map({ Array($0.utf8) }) {
        let colon = line.firstIndex(of: 0x3a)!
        let name = UnsafeBufferPointer(rebasing: all[at..<(at + colon)])
        let value = UnsafeBufferPointer(rebasing: all[(at + colon + 2)..<(at + line.count)])
        gate.take(name: name, value: value)
        at += line.count + 2
      }
      gate.end(UnsafeRawPointer(all.baseAddress! + at + tail))
    }
    return gate
  }

  private func status(_ gate: HeaderGate, _ version: HeaderGate.Version = .http11, bytes: Int = 100) -> Int {
    switch gate.verdict(version: version, headerBytes: bytes, limits: Self.limits) {
    case .accept: 200
    case .refuse(let refusal, _): refusal.status
    }
  }

  @Test func acceptsAndCollects() {
    let gate = gate(["Host: a", "Content-Length: 100", "content-encoding: X-Gzip", "Expect: 100-Continue"])
    #expect(status(gate) == 200)
    #expect(gate.contentLength == 100)
    #expect(gate.coding == .gzip)
    #expect(gate.expectsContinue)
  }

  @Test func limitsAreInclusive() {
    #expect(status(gate(["Host: a"]), bytes: 1000) == 200)
    #expect(status(gate(["Host: a"]), bytes: 1001) == 431)
    #expect(status(gate(["Host: a", "Content-Length: 101"])) == 413)
  }

  @Test(arguments: [0, 1, 3, 5])
  func theSectionMustEndWhereItsLastFieldSays(tail: Int) {
    #expect(status(gate(["Host: a"], tail: tail)) == 400)
  }

  @Test func versionsDifferInWhatTheyNeed() {
    #expect(status(gate([]), .http10) == 200)
    #expect(status(gate([]), .http11) == 400)
    #expect(status(gate(["Host: a"]), .other) == 505)
    #expect(status(gate(["Transfer-Encoding: chunked"]), .http10) == 400)
  }

  @Test func onlyTrustedFramingIsDrained() {
    func isDrainable(_ gate: HeaderGate) -> Bool? {
      switch gate.verdict(version: .http11, headerBytes: 100, limits: Self.limits) {
      case .accept: nil
      case .refuse(_, let drainable): drainable
      }
    }
    #expect(isDrainable(gate(["Host: a", "Content-Length: 101"])) == true)
    #expect(isDrainable(gate(["Host: a", "Content-Length: 1", "Content-Encoding: br"])) == true)
    #expect(isDrainable(gate(["Host: a", "Content-Length: 1", "Content-Length: 1"])) == false)
    #expect(isDrainable(gate(["Host: a", "Transfer-Encoding: gzip"])) == false)
    #expect(isDrainable(gate(["Host: a", "Content-Length: 1", "A(b: c"])) == false)
  }
}

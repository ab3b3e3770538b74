import Glibc
import HTTPServer
import Testing

/// The validator over a real socket: its input is what libmicrohttpd's parser makes of the bytes.
@Suite struct HeaderValidatorSocketTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var request: String
    var status: Int
    var testDescription: String { name }
    init(_ name: String, _ status: Int, _ request: String) {
      (self.name, self.request, self.status) = (name, request, status)
    }
  }

  static let refused: [Case] = [
    Case("no Host", 400, "GET / HTTP/1.1\r\nAccept: a\r\n\r\n"),
    Case("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    Case("two lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
    Case(
      "length and coding", 400,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case(
      "two codings", 400,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case("coding in 1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case("unknown coding", 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    Case("coding like chunked", 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    Case("space before colon", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n"),
    Case("name with a parenthesis", 400, "GET / HTTP/1.1\r\nHost: a\r\nX(A: b\r\n\r\n"),
    Case("empty name", 400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    Case("empty name and value", 400, "GET / HTTP/1.1\r\nHost: a\r\n:\r\n\r\n"),
    Case("empty name first", 400, "GET / HTTP/1.0\r\n: b\r\nHost: a\r\n\r\n"),
    Case("bare line feeds", 400, "GET / HTTP/1.1\nHost: a\n\n"),
    Case("control byte in a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\u{1}c\r\n\r\n"),
    Case("DEL in a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\u{7f}c\r\n\r\n"),
    Case("folded with a space", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nX-B: d\r\n\r\n"),
    Case("folded with a tab", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\n\r\n"),
    Case("folded length", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\nx"),
    Case("NUL in an early value", 400, "GET / HTTP/1.1\r\nX-A: b\0c\r\nHost: a\r\n\r\n"),
    Case("NUL in the last value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n"),
    Case("NUL in a length", 400, "POST / HTTP/1.1\r\nContent-Length: 1\09\r\nHost: a\r\n\r\nx"),
    Case("NUL in a coding", 400, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\0x\r\nHost: a\r\n\r\n0\r\n\r\n"),
    Case("NUL in the method", 400, "GET\0X / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("NUL in the target", 400, "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("NUL in the query", 400, "GET /a?b\0c HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("bare line feed between fields", 400, "GET / HTTP/1.1\r\nX-A: b\nHost: a\r\n\r\n"),
    Case("blank behind chunked", 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n"),
    Case("encoded NUL", 400, "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("space in the target", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case(
      "length over the limit", 413,
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"),
    Case("unknown encoding", 415, "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"),
    Case(
      "two encodings", 415,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip, deflate\r\nContent-Length: 1\r\n\r\nx"),
    Case(
      "section over the limit", 431,
      "GET / HTTP/1.1\r\nHost: a\r\n" + (0..<40).map { "X-\($0): \(String(repeating: "v", count: 60))\r\n" }.joined()
        + "\r\n"),
    Case("unknown version", 505, "GET / HTTP/1.7\r\nHost: a\r\n\r\n"),
  ]

  @Test(arguments: refused)
  func refusesWithAReasonInJSON(_ item: Case) throws {
    let server = try TestServer {
      $0.maxHeaderBytes = 2048
      $0.maxConnections = 100
    }
    let client = try server.client()
    client.send(item.request)
    let answer = try #require(try client.answer())
    #expect(answer.status == item.status)
    #expect(answer.body.hasPrefix("{\"error\":\""))
    #expect(server.journal.now.received.isEmpty)
    #expect(server.journal.now.rejections.map(\.status) == [item.status])
    if item.status != 413 && item.status != 415 {
      #expect(answer.headers["connection"]?.lowercased() == "close")
      #expect(try client.isClosed())
    }
  }

  /// libmicrohttpd answers these by itself, in HTML; they are counted all the same.
  static let refusedByLibrary: [Case] = [
    Case("length not a number", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\nx"),
    Case("signed length", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx"),
    Case("negative length", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx"),
    Case("NUL in a name", 400, "GET / HTTP/1.1\r\nX\0A: b\r\nHost: a\r\n\r\n"),
    Case("list of lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx"),
    Case(
      "section over the connection's memory", 431,
      "GET / HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "v", count: 100_000))\r\n\r\n"),
  ]

  @Test(arguments: refusedByLibrary)
  func libraryRefusesAndCloses(_ item: Case) throws {
    let server = try TestServer()
    let client = try server.client()
    client.send(item.request)
    #expect(try client.answer()?.status == item.status)
    #expect(server.journal.now.received.isEmpty)
    while server.server.connectionFigures.open > 0 { sched_yield() }
    #expect(server.journal.now.rejections.map(\.status) == [item.status])
  }

  static let accepted: [Case] = [
    Case("1.0 without Host", 200, "GET / HTTP/1.0\r\n\r\n"),
    Case("obs-text and tabs in values", 200, "GET / HTTP/1.1\r\nHost: a\r\nX-A: \u{e9}\tb\r\n\r\n"),
    Case("empty value", 200, "GET / HTTP/1.1\r\nHost: a\r\nX-A:\r\n\r\n"),
    Case("no blank behind the colon", 200, "GET / HTTP/1.1\r\nhost:a\r\nx-a:b\r\n\r\n"),
    Case("every token byte", 200, "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n"),
    Case(
      "blanks behind values", 200,
      "POST / HTTP/1.1\r\nHost: a \r\nContent-Length: 1\r\nX-Request-ID: a \t\r\n\r\nx"),
    Case(
      "section that outgrows the first read buffer", 200,
      "GET / HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "v", count: 17_000))\r\nX-B: c\r\n\r\n"),
    Case("empty values among others", 200, "GET / HTTP/1.1\r\nX-A:\r\nX-B:  \r\nX-C: \r\nHost: a\r\n\r\n"),
    Case(
      "query and encoded path", 200, "GET /a%20b?c=d&e=%20f&g HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\nX-A: b\r\n\r\n"
    ),
    Case("identity", 200, "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: Identity\r\nContent-Length: 0\r\n\r\n"),
  ]

  @Test(arguments: accepted)
  func lets(_ item: Case) throws {
    let server = try TestServer { $0.maxHeaderBytes = 20 << 10 }
    let client = try server.client()
    client.send(item.request)
    #expect(try client.answer()?.status == 200)
  }
}

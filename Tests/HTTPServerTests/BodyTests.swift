import Bytes
import Glibc
import HTTPServer
import Testing

@Suite struct BodyTests {
  /// 1000 × "radial " by three encoders: `gzip -9n`, zlib level 9, raw deflate level 9.
  static let plain = String(repeating: "radial ", count: 1000)
  static let gzip = hex(
    "1f8b0800000000000203edc5210d00000800b02a5463c3b0a1e82f484083df7cb33a2756922449922449922449d2df0153257d6e581b0000")
  static let zlib = hex(
    "78daedc5210d00000800b02a5463c3b0a1e82f484083df7cb33a2756922449922449922449d2df01802af750")
  static let raw = hex(
    "edc5210d00000800b02a5463c3b0a1e82f484083df7cb33a2756922449922449922449d2df01")
  /// 200,000 zeros in 229 bytes.
  static let bomb =
    hex("1f8b0800000000000203edc13101000000c2a0f54f6d067fa0") + [UInt8](repeating: 0, count: 193)
    + hex("80d7007b58e05c400d0300")

  static func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8).map { $0 < 0x3a ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  @Test(arguments: [("gzip", gzip), ("x-gzip", gzip), ("deflate", zlib), ("deflate", raw), ("GZIP", gzip + gzip)])
  func compressedBodiesAreInflated(coding: String, bytes: [UInt8]) throws {
    let server = try TestServer()
    let client = try server.client()
    for _ in 0..<3 {
      client.post("/echo", bytes, headers: "Content-Encoding: \(coding)\r\n")
      #expect(try client.answer()?.body == (coding == "GZIP" ? Self.plain + Self.plain : Self.plain))
    }
  }

  @Test func anInflatedBodyMayBeAsLargeAsTheLimit() throws {
    for (limit, status) in [(7000, 200), (6999, 413)] {
      let server = try TestServer { $0.maxBodyBytes = limit }
      let client = try server.client()
      client.post("/echo", Self.gzip, headers: "Content-Encoding: gzip\r\n")
      #expect(try client.answer()?.status == status)
    }
  }

  @Test(arguments: [
    ("gzip", Array(gzip.dropLast(9)), 400), ("gzip", zlib, 400), ("gzip", gzip + [1], 400),
    ("deflate", Array(raw.dropLast(2)), 400),
    ("gzip", bomb, 413),
  ])
  func badEncodingsAreRefusedAndTheConnectionStays(coding: String, bytes: [UInt8], status: Int) throws {
    let server = try TestServer { $0.maxBodyBytes = 100_000 }
    let client = try server.client()
    client.post("/echo", bytes, headers: "Content-Encoding: \(coding)\r\n")
    #expect(try client.answer()?.status == status)
    client.post("/echo", "still here")
    #expect(try client.answer()?.body == "still here")
  }

  @Test func chunkedBodiesArriveWhole() throws {
    let server = try TestServer()
    let client = try server.client()
    let part = String(repeating: "p", count: 4096)
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<100 { client.send("1000\r\n\(part)\r\n") }
    client.send("0\r\n\r\n")
    #expect(try client.answer()?.body == String(repeating: part, count: 100))
  }

  @Test(arguments: [0, 1, 8191, 65536, 1 << 20, 5_000_000])
  func bodiesOfManySizesArriveWhole(size: Int) throws {
    let server = try TestServer()
    let client = try server.client()
    let body = (0..<size).map { UInt8(truncatingIfNeeded: 0x20 + $0 % 90) }
    // A server that answers while the client still sends would need both directions at once: it does not.
    client.post("/echo", body)
    #expect(try client.answer()?.body.utf8.elementsEqual(body) == true)
  }

  @Test func aChunkedBodyOverTheLimitIsRefusedWhileItArrives() throws {
    let server = try TestServer { $0.maxBodyBytes = 10_000 }
    let client = try server.client()
    let part = String(repeating: "p", count: 4096)
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<4 { client.send("1000\r\n\(part)\r\n") }
    let answer = try #require(try client.answer())
    #expect(answer.status == 413 && answer.headers["connection"] == "close")
    client.send("0\r\n\r\n")
    #expect(try client.isClosed())
  }

  @Test func aBodyOfTwiceTheLimitIsDrainedSoThatTheAnswerIsSeen() throws {
    let server = try TestServer { $0.maxBodyBytes = 100_000 }
    let client = try server.client()
    client.post("/echo", [UInt8](repeating: 0x61, count: 200_000))
    #expect(try client.answer()?.status == 413)
    #expect(try client.isClosed())
    #expect(server.journal.now.rejections.map(\.reason) == [.bodyTooLarge])
  }

  @Test func aBodyFarOverTheLimitIsAnsweredAndClosed() throws {
    let server = try TestServer { $0.maxBodyBytes = 100_000 }
    let client = try server.client()
    client.post("/echo", [UInt8](repeating: 0x61, count: 1_000_000))
    let answer = try #require(try client.answer())
    #expect(answer.status == 413)
    #expect(answer.headers["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func aBodyOverTheLimitIsRefusedBeforeItComes() throws {
    let server = try TestServer { $0.maxBodyBytes = 1000 }
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nX-Request-ID: mine\r\nContent-Length: 1500\r\n\r\n")
    let answer = try #require(try client.answer())
    #expect(answer.status == 413 && answer.headers["x-request-id"] == "mine")
    client.send([UInt8](repeating: 0x61, count: 1500))
    #expect(try client.isClosed())
  }

  @Test func anEncodingThatIsNotSpokenIsRefusedAndTheConnectionStays() throws {
    let server = try TestServer()
    let client = try server.client()
    for body in ["some", ""] {
      client.post("/echo", body, headers: "Content-Encoding: br\r\n")
      let answer = try #require(try client.answer())
      #expect(answer.status == 415 && answer.headers["accept-encoding"] == "gzip, deflate")
      client.post("/echo", "next")
      #expect(try client.answer()?.body == "next")
    }
  }

  @Test func chunksAreRefusedWhereTheyAreNotWanted() throws {
    let server = try TestServer { $0.refusesChunked = true }
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
    #expect(try client.answer()?.status == 411)
    #expect(try client.isClosed())
  }

  @Test func expectContinueIsAnswered() throws {
    let server = try TestServer { $0.maxBodyBytes = 1000 }
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    #expect(try client.answer()?.status == 100)
    client.send("body")
    #expect(try client.answer()?.body == "body")
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4000\r\n\r\n")
    #expect(try client.answer()?.status == 413)
  }

  @Test func bodiesBeyondTheBudgetAreRefusedUntilOthersAreDone() throws {
    let memory = MemoryBudget(limit: 200_000)
    let server = try TestServer { $0.memory = memory }
    let slow = try (0..<2).map { _ in try server.client() }
    for one in slow {
      one.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 90000\r\n\r\n")
      one.send([UInt8](repeating: 0x62, count: 80_000))
    }
    let client = try server.client()
    // Bounded: each round is a request.
    for _ in 0..<10_000 where memory.usedBytes < 180_000 {
      client.post("/fixed", [])
      #expect(try client.answer()?.status == 200)
    }
    #expect(memory.usedBytes == 180_000)
    client.post("/echo", [UInt8](repeating: 0x61, count: 50_000))
    #expect(try client.answer()?.status == 503)
    #expect(try client.isClosed())
    for one in slow { one.send([UInt8](repeating: 0x62, count: 10_000)) }
    for one in slow { #expect(try one.answer()?.status == 200) }
    let later = try server.client()
    later.post("/echo", [UInt8](repeating: 0x61, count: 50_000))
    #expect(try later.answer()?.status == 200)
  }

  @Test(arguments: [true, false])
  func aBodyThatLeavesNoMemoryForItsRowsIsTooLarge(isChunked: Bool) throws {
    let server = try TestServer { $0.memory = MemoryBudget(limit: 200_000) }
    let client = try server.client()
    if isChunked {
      client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<26 { client.send("1000\r\n\(String(repeating: "p", count: 4096))\r\n") }
    } else {
      client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100001\r\n\r\n")
    }
    #expect(try client.answer()?.status == 413)
    let other = try server.client()
    other.post("/echo", [UInt8](repeating: 0x61, count: 99_000))
    #expect(try other.answer()?.status == 200)
  }

  @Test func whatIsPromisedButHasNotArrivedTakesNoMemory() throws {
    let server = try TestServer { $0.memory = MemoryBudget(limit: 200_000) }
    let promises = try (0..<50).map { _ in try server.client() }
    for client in promises { client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 90000\r\n\r\nx") }
    let client = try server.client()
    for _ in 0..<20 {
      client.post("/echo", [UInt8](repeating: 0x61, count: 30_000))
      #expect(try client.answer()?.status == 200)
    }
  }

  @Test(arguments: [true, false])
  func aLargeBodyThatIsNotWelcomeIsAnsweredBeforeItArrives(isChunked: Bool) throws {
    let server = try TestServer()
    let client = try server.client()
    if isChunked {
      client.send("POST /unwelcome HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<17 { client.send("1000\r\n\(String(repeating: "p", count: 4096))\r\n") }
    } else {
      client.send("POST /unwelcome HTTP/1.1\r\nHost: t\r\nContent-Length: 70000\r\n\r\n")
    }
    let answer = try #require(try client.answer())
    #expect(answer.status == 503)
    #expect(answer.headers["connection"] == "close")
    // What follows is read, so that it does not reset the connection and take the answer along.
    client.send([UInt8](repeating: 0x61, count: 40_000))
    #expect(try client.isClosed())
    #expect(server.journal.now.received.isEmpty)
  }

  @Test func aSmallBodyIsNotAskedAbout() throws {
    let server = try TestServer()
    let client = try server.client()
    client.post("/unwelcome", [UInt8](repeating: 0x61, count: 65_536))
    #expect(try client.answer()?.status == 200)
  }
}

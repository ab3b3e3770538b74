import TestSupport

/// A request that is right, and how it is damaged.
struct DamagedRequest {
  /// The bytes that are sent.
  private(set) var bytes: [UInt8]
  /// Whether the body is as it was.
  private(set) var bodyIsWhole = true

  /// Every way in which a body can arrive, and a request without one.
  static func templates(row: String) -> [[UInt8]] {
    let body = Array("{\"instances\":[[\(row)]]}".utf8)
    let half = body.count / 2
    func post(_ path: String, _ headers: [String], _ content: [UInt8]) -> [UInt8] {
      Array((["POST \(path) HTTP/1.1", "Host: a"] + headers + ["", ""]).joined(separator: "\r\n").utf8) + content
    }
    func chunk(_ part: ArraySlice<UInt8>) -> [UInt8] {
      Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
    }
    let deflated = stored(body)
    let infer = "/v2/models/example/infer"
    let tensor = #"{"inputs":[{"name":"x","shape":[1,100],"datatype":"FP32","#
    let flat = Array("\(tensor)\"data\":[\(row)]}],\"outputs\":[{\"name\":\"distances\"}]}".utf8)
    let header = Array((tensor + #""parameters":{"binary_data_size":400}}]}"#).utf8)
    let binary = header + [UInt8](repeating: 0x3f, count: 400)
    let columns = Array("{\"signature_name\":\"all\",\"inputs\":[[\(row)]]}".utf8)
    return [
      post("/predict", ["X-Request-ID: a", "Content-Length: \(body.count)"], body),
      post("/predict", ["Transfer-Encoding: chunked"], chunk(body[..<half]) + chunk(body[half...]) + chunk([])),
      post("/predict", ["Content-Encoding: deflate", "Content-Length: \(deflated.count)"], deflated),
      post("/predict", ["X-Request-Timeout-Ms: 9000", "Content-Length: \(body.count)"], body),
      post(infer, ["Content-Length: \(flat.count)"], flat),
      post(infer, ["Inference-Header-Content-Length: \(header.count)", "Content-Length: \(binary.count)"], binary),
      post("/v1/models/example:predict", ["Content-Length: \(columns.count)"], columns),
      Array("GET /models/example/versions/1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n".utf8),
    ]
  }

  /// One, two, four or eight bytes changed, lost or added, half of them in the header section; one request in sixteen is also cut off.
  init(_ whole: [UInt8], using generator: inout SplitMix) {
    bytes = whole
    // 13, 10, 13, 10: the empty line.
    let body = whole.indices.dropLast(3).first { whole[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }! + 4
    for _ in 0..<(1 << Int.random(in: 0...3, using: &generator)) {
      let inHeader = Bool.random(using: &generator)
      let place = Int.random(in: 0..<(inHeader ? min(body - 8, bytes.count) : bytes.count), using: &generator)
      // Damage of the header section may move the body: what lies near their border counts as the body's.
      if place >= body - 16 { bodyIsWhole = false }
      // Any byte, or one of the request's own: that is the likelier to pass for something else.
      let any = UInt8.random(in: 0...255, using: &generator)
      let byte = Bool.random(using: &generator) ? any : whole.randomElement(using: &generator)!
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[place] = byte
      case 1: bytes.remove(at: place)
      default: bytes.insert(byte, at: place)
      }
    }
    if Int.random(in: 0..<16, using: &generator) == 0 {
      bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      bodyIsWhole = false
    }
  }

  /// `bytes` in zlib's format without compression (RFC 1950, RFC 1951 §3.2.4): one stored block and the Adler-32 sum.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    let (length, sum) = (UInt16(bytes.count), b << 16 | a)
    let lengths = [length, ~length].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    return [0x78, 0x01, 0x01] + lengths + bytes + [24, 16, 8, 0].map { UInt8(sum >> $0 & 255) }
  }
}

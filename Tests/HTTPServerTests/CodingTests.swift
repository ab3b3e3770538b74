import Testing

@testable import HTTPServer

@Suite struct CodingTests {
  static let headers: [(String, AnswerCoding?)] = [
    ("gzip", .gzip), ("deflate", .deflate), ("gzip, deflate", .gzip), ("deflate, gzip", .deflate),
    ("gzip, deflate, br", .gzip), ("GZIP", .gzip), ("x-gzip", .gzip), ("gzip;q=0", nil),
    ("gzip;q=0, deflate", .deflate),
    ("gzip;q=0.5,deflate;q=0.8", .deflate), ("gzip ; q=0.5 , deflate;q=0.5", .gzip), ("*", nil), ("identity", nil),
    ("br", nil), ("", nil), ("gzip;q=x", nil), (",,;q=1,gzip", .gzip),
  ]

  @Test(arguments: headers) func `the preferred coding is found`(header: String, expected: AnswerCoding?) {
    #expect(AnswerCoding(preferredBy: header) == expected)
  }
}

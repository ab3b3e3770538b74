import HTTPServer
import Testing

@testable import InferenceAPI

@Suite struct KeptDocumentTests {
  @Test func `it is made once, and refused where it may be too large`() throws {
    var made = 0
    func document(_ kept: KeptDocument, atMost bytes: Int) throws(APIError) -> Document {
      try kept.document("3 rows", atMost: bytes, limit: 500) {
        made += 1
        return "{}"
      }
    }
    let kept = KeptDocument()
    for _ in 0..<3 {
      guard case .fixed = try document(kept, atMost: 500) else {
        Issue.record("expected a document that never changes")
        return
      }
    }
    #expect(made == 1)
    let large = try #require(throws: APIError.self) { try document(KeptDocument(), atMost: 501) }
    #expect(large.status == 413 && large.message.contains("3 rows in 501 bytes, over the limit of 500"))
    #expect(made == 1)
  }
}

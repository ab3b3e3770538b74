import Bytes
import HTTPServer
import Testing

@testable import InferenceAPI

@Suite struct KeptDocumentTests {
  @Test func `it is made once, counted as long as it is kept, and refused where it has no room`() throws {
    let memory = MemoryBudget(limit: 1000)
    var made = 0
    func document(_ kept: KeptDocument, atMost bytes: Int, limit: Int = 2000) throws(APIError) -> Document {
      try kept.document("3 rows", atMost: bytes, limit: limit, in: memory) {
        made += 1
        return "{}"
      }
    }
    do {
      let kept = KeptDocument()
      for _ in 0..<3 {
        guard case .fixed(let response) = try document(kept, atMost: 900) else {
          Issue.record("expected a document that never changes")
          return
        }
        #expect(response.byteCount == 2)
      }
      #expect(made == 1 && memory.usedBytes == 2)
      let full = try #require(throws: APIError.self) { try document(KeptDocument(), atMost: 999) }
      #expect(full.status == 503)
    }
    #expect(memory.usedBytes == 0)
    for (bytes, limit) in [(1001, 2000), (501, 500)] {
      let large = try #require(throws: APIError.self) { try document(KeptDocument(), atMost: bytes, limit: limit) }
      #expect(
        large.status == 413 && large.message.contains("3 rows in \(bytes) bytes, over the limit of \(min(limit, 1000))")
      )
    }
    #expect(made == 1 && memory.usedBytes == 0)
  }
}

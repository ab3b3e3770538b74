import Synchronization
import Testing

@testable import HTTPServer

/// What a watchdog learns of a reactor.
@Suite struct ReactorControlTests {
  @Test func `a reactor has turned when it did so since it was asked`() throws {
    let control = try #require(ReactorControl())
    // Nothing was asked of it before.
    #expect(control.hasTurned())
    #expect(!control.hasTurned())
    #expect(!control.hasTurned())
    control.didTurn()
    #expect(control.hasTurned())
    #expect(!control.hasTurned())
  }

  @Test func `a reactor that ends is not missed`() throws {
    let control = try #require(ReactorControl())
    #expect(control.hasTurned())
    control.isStopping.store(true, ordering: .releasing)
    #expect(control.hasTurned())
    #expect(control.hasTurned())
  }
}

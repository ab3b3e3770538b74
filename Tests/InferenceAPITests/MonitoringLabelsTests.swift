import Foundation
import HTTPServer
import Testing

@testable import InferenceAPI

/// The values of metric labels that the page Monitoring lists.
@Suite struct MonitoringLabelsTests {
  private static func page() throws -> String {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(
      contentsOf: repository.appendingPathComponent("Sources/radial/Radial.docc/Monitoring.md"), encoding: .utf8)
  }

  @Test func `the page lists every reason of a rejection, and no other`() throws {
    let section = try #require(Self.page().components(separatedBy: "## The label reason\n").last)
      .components(separatedBy: "\n## ")[0]
    let listed = section.matches(of: /\n\| `(\w+)` \|/).map { String($0.output.1) }
    let reasons = RejectionReason.allCases.map(\.rawValue) + ServerRejection.Reason.allCases.map(\.rawValue)
    #expect(Set(listed).count == listed.count)
    #expect(Set(listed) == Set(reasons))
  }
}

import Foundation
import Testing

/// The page of the metrics against the metrics of a server, in both directions.
@Suite struct MonitoringPageTests {
  /// A metric: its type, and the labels that its samples have.
  struct Family: Hashable {
    let name: String
    let type: String
    let labels: Set<String>
  }

  /// What the page lists: `` `name` (type; `label`, `label`): meaning ``.
  static func described() throws -> [Family] {
    Page.items(try Page("Monitoring").section("Metrics")).compactMap { item in
      guard let match = item.firstMatch(of: /^`(\w+)` \((\w+)(?:; ([^)]+))?\): ./)?.output else { return nil }
      return Family(
        name: String(match.1), type: String(match.2), labels: Set(match.3.map { Page.code(String($0)) } ?? []))
    }
  }

  /// What a server writes that has answered a row and refused another.
  static func written() throws -> [Family] {
    let keys = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
    try "scraper:0123456789abcdef".write(to: keys, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: keys) }
    let unknown = FileManager.default.temporaryDirectory.appendingPathComponent("unknown-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: unknown) }
    let server = try EncryptedServer([
      "--max-body-bytes", "20000", "--api-key-file", keys.path, "--unknown-log", unknown.path,
    ])
    let client = try server.client()
    let sample = try MNISTSample.load()
    let key = ["Authorization: Bearer 0123456789abcdef"]
    #expect(try client.exchange("POST", "/predict", sample.body(0..<1), headers: key).status == 200)
    #expect(try client.exchange("POST", "/predict", String(repeating: " ", count: 30_000), headers: key).status == 413)
    var types: [String: String] = [:]
    var labels: [String: Set<String>] = [:]
    for line in try server.client().exchange("GET", "/metrics", headers: key).body.split(separator: "\n") {
      if let match = line.firstMatch(of: #/^\# TYPE (\w+) (\w+)$/#)?.output {
        types[String(match.1)] = String(match.2)
      } else if let match = line.firstMatch(of: #/^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})?\s/#)?.output {
        let name = types[String(match.1)] == nil ? String(line.prefix { $0 != "{" && $0 != " " }) : String(match.1)
        let names = (match.2 ?? "").matches(of: /(\w+)="(?:[^"\\]|\\.)*"/).map { String($0.output.1) }
        // The bounds of a histogram are no label of ours.
        labels[name, default: []].formUnion(names.filter { $0 != "le" })
      }
    }
    for (name, type) in types { #expect(labels[name] != nil, "no sample of \(name), a \(type)") }
    return types.map { Family(name: $0.key, type: $0.value, labels: labels[$0.key] ?? []) }
  }

  @Test func `the page lists every metric with its type and labels, and no other`() throws {
    let described = try Self.described()
    let written = try Self.written()
    #expect(Set(described).count == described.count)
    #expect(described.count == written.count)
    for family in Set(described).symmetricDifference(written) {
      Issue.record("\(written.contains(family) ? "written, not described" : "described, not written"): \(family)")
    }
  }
}

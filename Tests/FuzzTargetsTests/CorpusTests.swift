import Foundation
import FuzzTargets
import Testing

/// The corpus that scripts/fuzz.sh begins with: for each target a folder of what is read, and one of what is refused.
///
/// A target ends the process where a reader breaks a promise, so that a test passes only if all are kept.
@Suite struct CorpusTests {
  private static func corpus(_ target: FuzzTarget, _ outcome: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
      .appendingPathComponent(target.rawValue).appendingPathComponent(outcome)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return try names.map { ($0, [UInt8](try Data(contentsOf: folder.appendingPathComponent($0)))) }
  }

  @Test(arguments: FuzzTarget.allCases) func `what was read is read`(target: FuzzTarget) throws {
    let corpus = try Self.corpus(target, "read")
    #expect(!corpus.isEmpty)
    for (name, bytes) in corpus {
      #expect(bytes.withUnsafeBytes { target.run($0) } == .read, "\(name)")
    }
  }

  @Test(arguments: FuzzTarget.allCases) func `what was refused is refused`(target: FuzzTarget) throws {
    let corpus = try Self.corpus(target, "refused")
    #expect(!corpus.isEmpty)
    for (name, bytes) in corpus {
      #expect(bytes.withUnsafeBytes { target.run($0) } != .read, "\(name)")
    }
  }

  @Test(arguments: FuzzTarget.allCases) func `a text that is cut short anywhere is read or refused`(target: FuzzTarget)
    throws
  {
    for (name, bytes) in try Self.corpus(target, "read") {
      // As many places in a large file as in a small one.
      for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)) {
        let outcome = bytes[..<count].withUnsafeBytes { target.run($0) }
        #expect(count > 0 || outcome != .read, "\(name)")
      }
    }
  }

  @Test func `each target has a corpus, and each corpus a target`() throws {
    let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(names) == Set(FuzzTarget.allCases.map(\.rawValue)))
  }
}

import RowFiles
import TestSupport
import Testing

/// What is told of a file, on a terminal among other places.
@Suite struct SentenceTests {
  /// Control characters of ASCII and, as UTF-8 has them, of Latin 1: a terminal may obey either.
  static let controls: [[UInt8]] = [[0x1b], [0x0a], [0x7f], [0xc2, 0x9b]]

  @Test(arguments: controls)
  func `the name of an archive's array steers no terminal`(_ control: [UInt8]) throws {
    var file = try PandasAndNumpyTests.bytes("savez_compressed.npz")
    let entry = try #require(file.indices.last { file[$0...].starts(with: Array("PK\u{1}\u{2}".utf8)) })
    file.replaceSubrange(entry + 46..<entry + 46 + control.count, with: control)
    let sentence = try refusal(file, width: 7)
    #expect(sentence.contains("expected 7"), "\(sentence)")
    #expect(sentence.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(sentence)")
  }

  @Test(arguments: controls)
  func `a field of a bad row steers no terminal`(_ control: [UInt8]) throws {
    // A line's end would only make two rows of it.
    let field = control == [0x0a] ? [0x0d, 0x31] : control
    let found = try read(Array("1,2\n3,x".utf8) + field + Array("y\n".utf8), width: 2)
    let problem = try #require(found.problems.first)
    #expect(problem.contains("expected a number"), "\(problem)")
    #expect(problem.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(problem)")
  }
}

import Foundation
import Testing

/// Files of rows as people have them, in Data/rows, through `radial predict`. The model takes 4 numbers.
@Suite struct OfflineRowFormsTests {
  static func file(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Data/rows", withExtension: nil)).appendingPathComponent(name).path
  }

  static func predict(
    _ file: String, _ flags: [String] = []
  ) throws -> (status: Int32, error: String, output: String) {
    try RunningServer.run(["predict", try Self.file("rbf4.safetensors"), file] + flags)
  }

  static let flowers: [[Float]] = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]]
  static let wines: [[Float]] = [
    [0.436, 0.026, 0.55, 0.435], [0.42, 0.33, 0.205, 0.619], [0.3, 0.267, 0.621, 0.529],
  ]

  static let read: [(String, [[Float]])] = [
    ("blanks-two-rows.txt", flowers), ("request-body-as-rows.json", flowers), ("fortran-order-f8.npy", wines),
    ("int64.npy", [[5, 3, 1, 0], [6, 2, 4, 1]]), ("rows.npz", wines),
  ]

  @Test(arguments: read)
  func `every row of every form has the answer of the same row as JSON`(_ name: String, _ rows: [[Float]]) throws {
    let runner = try OfflineRunner()
    let lines = try runner.file("rows.jsonl", rows.map { "\($0)\n" }.joined())
    let expected = try Self.predict(lines)
    #expect(expected.status == 0 && expected.output.split(separator: "\n").count == rows.count)
    let found = try Self.predict(try Self.file(name))
    #expect(found.status == 0 && found.error.isEmpty && found.output == expected.output, "\(found.error)")
  }

  @Test func `a first row of missing values is named, and skipped and counted when it may be`() throws {
    let path = try Self.file("first-row-blank.csv")
    let stopped = try Self.predict(path)
    #expect(stopped.status == 2 && stopped.output.isEmpty)
    #expect(stopped.error == "radial: \(path): line 1: column 1: expected a number, found nothing\n")
    let skipped = try Self.predict(path, ["--on-bad-row=skip", "--output-format=csv"])
    let numbers = skipped.output.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
    #expect(skipped.status == 0 && numbers == ["1", "2"])
    #expect(skipped.error.hasSuffix("radial: skipped 1 bad rows of 3, wrote 2\n"), "\(skipped.error)")
  }

  @Test func `decimal commas are refused by name`() throws {
    let found = try Self.predict(try Self.file("decimal-comma.csv"), ["--on-bad-row=skip"])
    #expect(found.status == 2 && found.output.isEmpty)
    #expect(found.error.contains("its numbers have decimal commas, which are not read; write decimal points"))
  }

  @Test func `a run that could read no row at all is no success`() throws {
    let runner = try OfflineRunner()
    let path = try runner.file("a.csv", "NA,NA,NA,NA\n?,?,?,?\n")
    let found = try Self.predict(path, ["--on-bad-row=skip"])
    #expect(found.status == 2 && found.output.isEmpty)
    #expect(found.error.contains("skipped 2 bad rows of 2, wrote 0"))
    #expect(found.error.contains("none of the 2 rows could be read"))
    let header = try Self.predict(try runner.file("b.csv", "a,b,c,d\n"))
    #expect(header.status == 2 && header.error.contains("has a header line and no rows"))
  }

  @Test func `integers that lose digits are told once`() throws {
    let runner = try OfflineRunner()
    let rows: [Int64] = [1, 2, 3, 4, 1, 16_777_217, 3, 4, 1, 16_777_219, 3, 4]
    let path = try runner.file("a.npy", .npy("<i8", rows: 3, width: 4, Data(elements: rows)))
    let found = try Self.predict(path, ["--outputs=none", "--threads=3"])
    #expect(found.status == 0 && found.output.split(separator: "\n").count == 3, "\(found.error)")
    #expect(
      found.error == "radial: 2 integers beyond 2^24 lost digits as Float32, the first at rows[1][1], 16777217\n")
  }

  @Test func `a text that does not end on its line ends the run, also when bad rows are skipped`() throws {
    let runner = try OfflineRunner()
    let path = try runner.file("a.csv", "n,a,b,c,d\n1,1,2,3,4\n\"x\n5,5,6,7,8\n\",1,2,3,4\n")
    let found = try Self.predict(path, ["--on-bad-row=skip", "--keep=n"])
    #expect(found.status == 2 && found.output.split(separator: "\n").count == 1)
    #expect(found.error.contains("line 3: column 1 ('n'): a quote opens here and does not close on its line"))
  }
}

import Foundation
import RowFiles
import Testing

/// The files of Data, which make_rows.py writes with pandas, NumPy and others.
@Suite struct PandasAndNumpyTests {
  struct Case: Decodable, CustomTestStringConvertible {
    /// The call that wrote it.
    let how: String
    let file: String
    let shape: [Int]
    /// How many rows were written.
    let rowsIn: Int
    let rows: [[Double]]
    /// A part of the sentence about the whole file.
    let refusal: String?
    /// The beginnings of the sentences about bad rows.
    let problems: [String]
    let rounded: Int?
    let skip: [String]?
    let header: String?
    let array: String?

    var testDescription: String { "\(how): \(file)" }

    var flags: String {
      let flags = [
        skip.map { "`skip_columns` " + $0.joined() }, header.map { "`header` " + $0 }, array.map { "`array` " + $0 },
      ]
      return flags.compactMap { $0 }.joined(separator: " ")
    }

    func read(capacity: Int) throws -> Reading {
      let folder = try #require(Bundle.module.url(forResource: "Data", withExtension: nil))
      return try RowFilesTests.read(path: folder.appendingPathComponent(file).path, shape: shape, capacity: capacity) {
        $0.skippedColumns = skip ?? []
        $0.header = header.flatMap(RowFile.Header.init(rawValue:)) ?? .auto
        $0.array = array
      }
    }
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.url(forResource: "Data", withExtension: nil))
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func cases() throws -> [Case] {
    let url = try #require(Bundle.module.url(forResource: "Data/cases", withExtension: "json"))
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
  }

  @Test(arguments: try cases())
  func `what pandas and NumPy write is read whole, or refused by name`(_ file: Case) throws {
    for capacity in [1, 2, 100] {
      do {
        let found = try file.read(capacity: capacity)
        try #require(file.refusal == nil, "read as \(found), expected: \(file.refusal ?? "")")
        // Each number is the nearest Float32, bit for bit.
        #expect(found.rows == file.rows.map { $0.map { Float($0) } })
        // No row is lost, and none comes from nowhere.
        #expect(found.rows.count + found.problems.count == file.rowsIn || found.ended)
        #expect(found.problems.count == file.problems.count, "\(found.problems)")
        for (problem, expected) in zip(found.problems, file.problems) {
          #expect(problem.hasPrefix(expected), "expected: \(expected)")
        }
        #expect(found.rounded == file.rounded ?? 0)
      } catch let error as RowFileError {
        let expected = try #require(file.refusal, "\(error.description)")
        #expect(error.description.contains(expected), "expected: \(expected)")
      }
    }
  }

  @Test func `the table of files: rows written, rows read, rows named`() throws {
    var lines = [
      "| written by | flags | rows written | read | named | the first sentence |", "|---|---|---|---|---|---|",
    ]
    var lost = 0
    for file in try Self.cases() {
      var (read, named, sentence) = (0, 0, "")
      do {
        let found = try file.read(capacity: 100)
        (read, named, sentence) = (found.rows.count, found.problems.count, found.problems.first ?? "")
        if read + named != file.rowsIn, !found.ended { lost += 1 }
      } catch let error as RowFileError {
        sentence = String(error.description.drop { $0 != ":" }.dropFirst(2))
      }
      lines.append(
        "| \(file.how) | \(file.flags) | \(file.rowsIn) | \(read) | \(sentence.isEmpty || named > 0 ? "\(named)" : "file") | \(sentence) |"
      )
    }
    print(lines.joined(separator: "\n"))
    #expect(lost == 0)
    #expect(lines.count > 150)
  }
}

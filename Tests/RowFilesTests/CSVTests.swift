import RowFiles
import TestSupport
import Testing

@Suite struct CSVTests {
  static let same: [(String, String)] = [
    ("plain", "1,2,3\n4,5,6\n"),
    ("no line end at the end", "1,2,3\n4,5,6"),
    ("carriage returns", "1,2,3\r\n4,5,6\r\n"),
    ("blank lines", "\n1,2,3\n\n  \n4,5,6\n\n"),
    ("a byte order mark", "\u{feff}1,2,3\n4,5,6\n"),
    ("blanks", " 1 , 2,\t3 \n4,5 ,6\n"),
    ("other ways of writing numbers", "+1,2.,0.3e1\n4.0e0,0005,.6E+1\n"),
    ("quotes", "\"1\",\"2\",3\n4,\" 5 \",6\n"),
    ("semicolons", "1;2;3\n4;5;6\n"),
    ("tabs", "1\t2\t3\n4\t5\t6\n"),
    ("a header", "a,b,c\n1,2,3\n4,5,6\n"),
    ("a quoted header", "\"a, b\",b,c\n1,2,3\n4,5,6\n"),
  ]

  @Test(arguments: same)
  func `the same rows, however they are written`(_ what: String, _ text: String) throws {
    let found = try read(text, width: 3)
    #expect(found == Reading(format: .csv, rows: [[1, 2, 3], [4, 5, 6]], numbers: [0, 1]), "\(what)")
  }

  @Test func `columns are left out by name or number`() throws {
    let text = "label,a,id,b\nseven,1,x,2\n\"one, two\",3,\"y\"\"z\",4\n"
    for columns in [["label", "id"], ["1", "3"], ["id", "1"]] {
      let found = try read(text, width: 2) { $0.skippedColumns = columns }
      #expect(found == Reading(format: .csv, rows: [[1, 2], [3, 4]], numbers: [0, 1]), "\(columns)")
    }
    let unnamed = try read("7,1,2\n8,3,4\n", width: 2) { $0.skippedColumns = ["1"] }
    #expect(unnamed.rows == [[1, 2], [3, 4]])
  }

  @Test func `a header of numbers is one when the caller says so`() throws {
    #expect(try refusal(Array("0,1,2\n3,4,5\n".utf8), width: 3).contains("say `header` yes or `header` no"))
    #expect(try read("0,1,2\n3,4,5\n", width: 3) { $0.header = .no }.rows == [[0, 1, 2], [3, 4, 5]])
    #expect(try read("0,1,2\n3,4,5\n", width: 3) { $0.header = .yes }.rows == [[3, 4, 5]])
    let named = try read("label,0,1\n7,4,5\n", width: 2) { $0.skippedColumns = ["label"] }
    #expect(named.rows == [[4, 5]])
  }

  static let bad: [(String, String)] = [
    ("1,2\n", "line 2: expected 3 numbers, found 2"),
    ("1,2,3,4\n", "line 2: expected 3 numbers, found 4; leave columns out with `skip_columns`"),
    (
      "1,x,3,4\n",
      "line 2: column 2: expected a number, found 'x'; leave columns that are no inputs out with `skip_columns`"
    ),
    ("1,x,3\n", "line 2: column 2: expected a number, found 'x'"),
    ("1,,3\n", "line 2: column 2: expected a number, found nothing"),
    ("1,2,\n", "line 2: column 3: expected a number, found nothing"),
    ("1,2 3,3\n", "line 2: column 2: expected a number, found '2 3'"),
    ("1,0x10,3\n", "line 2: column 2: expected a number, found '0x10'"),
    ("1,--2,3\n", "line 2: column 2: expected a number"),
    ("1,+-2,3\n", "line 2: column 2: expected a number"),
    ("1,nan,3\n", "line 2: column 2: expected a finite Float32, found nan"),
    ("1,-Infinity,3\n", "line 2: column 2: expected a finite Float32, found -Infinity"),
    ("1,2,1e39\n", "line 2: column 3: expected a finite Float32, found 1e39"),
    ("1,2,1e999999999999\n", "line 2: column 3: expected a finite Float32"),
    ("1;2;3\n", "line 2: column 1: expected a number, found '1;2;3'"),
    ("\u{1b}[2J,2,3\n", "line 2: column 1: expected a number, found '?[2J'"),
    ("1,?,3\n", "line 2: column 2: expected a number, found '?', a missing value"),
    ("1,2,\"3\"4\n", "line 2: column 3: expected a number, found '\"3\"4'"),
    ("äöüäöüäöüäöüäöü,2,3\n", "line 2: column 1: expected a number, found 'äöüäöüäöüäöü'"),
  ]

  @Test(arguments: bad)
  func `a bad row is named by its line, and the rows around it are read`(_ line: String, _ sentence: String) throws {
    let found = try read("1,2,3\n" + line + "4,5,6\n", width: 3)
    #expect(found.rows == [[1, 2, 3], [4, 5, 6]])
    #expect(found.numbers == [0, 2])
    #expect(found.problems.count == 1 && found.problems[0].hasPrefix(sentence), "\(found.problems)")
  }

  @Test func `a decimal comma is refused instead of being read as something else`() throws {
    for line in ["1,5;2,5;3,5;4", "1,5 2,5", "1,5\t2", "\"1,5\",\"2,5\""] {
      #expect(try refusal(Array(line.utf8), width: 4) { $0.header = .no }.contains("decimal commas"), "\(line)")
    }
    // As many numbers as columns: a column of its own.
    #expect(try read("1,5\n", width: 2).rows == [[1, 5]])
  }

  @Test func `a first line half of words is a bad row that says what to do`() throws {
    let found = try read("label,0,1\n7,4,5\n", width: 3)
    #expect(found.problems[0].contains("line 1: column 1") && found.problems[0].contains("`header` yes"))
  }

  @Test func `numbers are the nearest Float32 of their text`() throws {
    var random = SplitMix(state: 7)
    var values: [Float] = []
    while values.count < 3000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
      if value.isFinite { values.append(value) }
    }
    for separator in [",", ";", "\t"] {
      let text = values.map { "\($0)" }.joined(separator: separator)
      let found = try read(text + "\n", width: values.count)
      #expect(found.rows.first?.map(\.bitPattern) == values.map(\.bitPattern), "seed 7, separator '\(separator)'")
    }
    #expect(try read("1e-50,-1e-99999,1e-45\n", width: 3).rows == [[0, -0.0, .leastNonzeroMagnitude]])
  }

  @Test func `a missing column and an endless line are refused with what to do`() throws {
    #expect(try refusal(Array("a,b\n1,2\n".utf8), width: 1) { $0.skippedColumns = ["c"] }.contains("no column 'c'"))
    #expect(try refusal(Array("1,2\n".utf8), width: 1) { $0.skippedColumns = ["9"] }.contains("no column '9'"))
    #expect(try refusal([], width: 1).contains("is empty"))
    let endless = [UInt8](repeating: UInt8(ascii: "1"), count: 3 << 20)
    #expect(try refusal(endless, width: 1).contains("line 1 is longer than"))
  }

  @Test func `many lines come in order, whatever the block's size`() throws {
    let text = (0..<20_000).map { "\($0),\($0 % 7)\($0 % 3 == 0 ? "\r" : "")\n" }.joined()
    for capacity in [1, 3, 1024, 50_000] {
      let found = try read(text, width: 2, capacity: capacity)
      #expect(found.rows.map { Int($0[0]) } == Array(0..<20_000) && found.problems.isEmpty)
      #expect(found.numbers == Array(0..<20_000))
    }
  }
}

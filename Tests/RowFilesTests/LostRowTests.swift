import Foundation
import RowFiles
import TestSupport
import Testing

/// No line of a file is passed over in silence.
@Suite struct LostRowTests {
  static let first: [(String, String)] = [
    (",,", "column 1: expected a number, found nothing"), ("\"\",1,2", "column 1: expected a number, found nothing"),
    ("NA,x,y", "column 1: expected a number, found 'NA', a missing value"),
    ("?;?;?", "column 1: expected a number, found '?'"), ("\t\t", "column 1: expected a number, found nothing"),
    ("a,,b", "column 1: expected a number, found 'a'; if that line names the columns, say `header` yes"),
    ("1|2|3", "column 1: expected a number, found '1|2|3'; write the numbers between commas"),
    ("- - -", "column 1: expected a number, found '-'"), ("$1,$2,$3", "column 1: expected a number, found '$1'"),
    ("inf,inf,inf", "column 1: expected a finite Float32, found inf"),
    ("#1,2,3", "column 1: expected a number, found '#1'"),
    ("1,2,3,", "column 4: expected a number, found nothing"), ("1 2 3 4", "expected 3 numbers, found 4"),
  ]

  @Test(arguments: first)
  func `a first line that is no header is a row, and a bad one has its sentence`(_ line: String, _ sentence: String)
    throws
  {
    let separator = [",", ";", "\t", " "].first(where: line.contains) ?? ","
    let good = [4, 5, 6].map(String.init).joined(separator: separator)
    let found = try read("\(line)\n\(good)\n", width: 3, capacity: 8)
    #expect(found.numbers == [1] && found.rows == [[4, 5, 6]], "\(found)")
    #expect(found.problems.count == 1 && found.problems[0].hasPrefix("line 1: " + sentence), "\(found.problems)")
  }

  static let words = [
    "1.#QNAN", "-1.#IND", "1.#INF", "-1.#INF", "#N/A", "#NA", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?",
    "#NULL!", "(null)", "\\N", "n.a.", "-nan", "nan(ind)", "<NA>", "1d0", "1.0D+00", "-1d-3", "1.0f", "1.5L", "-1j",
    "0x1p3", "0x1.8p-3", "0.5mm", "-7 C", "+3x",
  ]

  @Test(arguments: words)
  func `a first line of numbers in other notations, or of words for none, is a row`(_ word: String) throws {
    for (separator, width) in [(",", 3), (";", 3), ("\t", 3), (",", 1)] {
      func line(_ field: String) -> String { Array(repeating: field, count: width).joined(separator: separator) }
      let found = try read("\(line(word))\n\(line("4"))\n", width: width, capacity: 8)
      #expect(found.numbers == [1] && found.problems.count == 1, "\(separator) \(width): \(found)")
    }
  }

  @Test func `a number before a text with blanks does not make the blanks separators`() throws {
    for separator in [",", ";", "\t"] {
      let text = [["a", "b", "t"], ["0.5", "1", "# 2"], ["-1", "2.5", "x 3"]].map { $0.joined(separator: separator) }
      let found = try read(text.joined(separator: "\n"), width: 2) { $0.keptColumns = ["t"] }
      #expect(found.rows == [[0.5, 1], [-1, 2.5]] && found.problems.isEmpty, "\(found)")
    }
  }

  @Test(arguments: ["1x1,1x2,1x3", "2nd,3rd,4th", "x.1,x.2,x.3", "d1,e5,f", "V1,V2,V3", "3d,2d,1d"])
  func `names that begin with numbers are names`(_ line: String) throws {
    let found = try read("\(line)\n1,2,3\n", width: 3)
    #expect(found.rows == [[1, 2, 3]] && found.problems.isEmpty, "\(found)")
  }

  static let ragged: [(String, String, String)] = [
    ("id,a,b,l\n9,1,2,x\n5,6,7\n", "id,l", "line 3: expected 4 columns, as before, found 3"),
    ("a,b,l\n1,2,x\n3,4\n", "l", "line 3: expected 3 columns, as before, found 2"),
    ("a,b,l,m\n1,2,x,y\n3,4,5\n", "l,m", "line 3: expected 4 columns, as before, found 3"),
    ("9\t1\t2\tx\n9\t1\t2\n", "1,4", "line 2: expected 4 columns, as before, found 3"),
    ("a,b,l\n1,2,x\n3,4,5,6\n", "l", "line 3: expected 2 numbers, found 3"),
  ]

  @Test(arguments: ragged)
  func `a row that lacks a column which is left out is a bad one`(
    _ text: String, _ skipped: String, _ problem: String
  ) throws {
    let found = try read(text, width: 2) { $0.skippedColumns = skipped.split(separator: ",").map(String.init) }
    #expect(found.rows == [[1, 2]] && found.problems.count == 1, "\(found)")
    #expect(found.problems.first?.hasPrefix(problem) == true, "\(found)")
  }

  @Test func `a header of another number of columns than the rows is refused`() throws {
    for header in ["a,b,label", "a", "My data"] {
      #expect(try refusal(Array("\(header)\n1,2\n".utf8), width: 2).contains("its header names"), "\(header)")
    }
    #expect(try read("#by me\n1,2\n", width: 2).rows == [[1, 2]])
  }

  @Test func `a row whose text begins as a comment is no comment`() throws {
    let text = "# made by hand, 2 rows\nid,a,b\n# 7,1,2\n# x,y\n8,3,4\n#,5,6\n\"# 9\",7,8\n# end\n"
    for capacity in [1, 100] {
      let found = try read(text, width: 2, capacity: capacity) { $0.keptColumns = ["id"] }
      #expect(
        found.rows == [[3, 4], [5, 6], [7, 8]] && found.problems.map { $0.prefix(7) } == ["line 3:"], "\(found)")
    }
    let first = try read("# 7,1,2\n8,3,4\n", width: 2) { $0.skippedColumns = ["1"] }
    #expect(first.rows == [[3, 4]] && first.problems.count == 1, "\(first)")
    let named = try read("# id,a,b\n8,3,4\n", width: 2) { $0.skippedColumns = ["id"] }
    #expect(named.rows == [[3, 4]] && named.problems.isEmpty, "\(named)")
  }

  @Test func `comments are no rows, and a row is no comment`() throws {
    let found = try read("# 1,2\n#\n# a,b\n1,2\n# 3,4\n#5,6\n7,8\n# end\n", width: 2)
    #expect(found.rows == [[1, 2], [7, 8]])
    #expect(found.problems == ["line 6: column 1 ('a'): expected a number, found '#5'"])
  }

  @Test func `in a file of one column a line of nothing is a missing value`() throws {
    for capacity in [1, 2, 100] {
      let found = try read("x\n1\n\n3\n  \n\n5\n\n\n", width: 1, capacity: capacity)
      #expect(found.rows == [[1], [3], [5]] && found.numbers == [0, 2, 5])
      #expect(found.problems.map { $0.prefix(7) } == ["line 3:", "line 5:", "line 6:"])
    }
    #expect(try refusal(Array("\n5\n".utf8), width: 1).contains("begins with a blank line"))
    #expect(try read("\n5,6\n\n7,8\n", width: 2).rows == [[5, 6], [7, 8]])
  }

  @Test func `whatever text a file holds, its lines are rows, named, or the whole is refused`() throws {
    var random = SplitMix(state: 23)
    let pieces = [
      "1", "2.5", "-3e2", ",", ",", ";", "\t", " ", " ", "NA", "\"", "a", "é", "\n", "\n", "?", "#", "|", "\r", "5,1",
    ]
    var (read, refused) = (0, 0)
    for _ in 0..<4000 {
      let text =
        (0..<Int.random(in: 1...24, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined() + "\n"
      let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      // What may be no row: a comment, and a line of blanks, which is one in files of one column or of tabs.
      let rows = lines.count { line in
        !line.utf8.allSatisfy { [0x20, 0x09, 0x0d].contains($0) } && !["#", "#\r"].contains(line)
          && !line.hasPrefix("# ")
          && !line.hasPrefix("#\t")
      }
      do {
        let found = try RowFilesTests.read(text, width: 2, capacity: 3) { $0.format = .csv }
        let count = found.rows.count + found.problems.count
        #expect(count <= lines.count, "seed 23: \(text.debugDescription): \(found)")
        // But for a header.
        #expect(count + 1 >= rows || found.ended, "seed 23: \(text.debugDescription): \(found)")
        read += 1
      } catch is RowFileError { refused += 1 }
    }
    #expect(read > 1000 && refused > 100)
  }

  @Test func `an array in Fortran order of several strips is read whole`() throws {
    // 12 MB: a strip is 8 MB.
    let (rows, width) = (30_000, 100)
    var data = [Float](repeating: 0, count: rows * width)
    for column in 0..<width { for row in 0..<rows { data[column * rows + row] = Float(row * 100 + column) } }
    let found = try read(npy("<f4", [rows, width], bytes(data), fortran: true), width: width, capacity: 777)
    #expect(found.rows.count == rows && found.problems.isEmpty)
    let isRight = found.rows.indices.allSatisfy { row in
      found.rows[row].indices.allSatisfy { found.rows[row][$0] == Float(row * 100 + $0) }
    }
    #expect(isRight)
    #expect(
      try refusal(npy("<f4", [rows, width], [0, 0], fortran: true), width: width).contains("2 bytes behind the header"))
  }

  @Test func `damaged archives are read or refused, and never end the reader`() throws {
    let whole = try PandasAndNumpyTests.bytes("savez_compressed.npz")
    var random = SplitMix(state: 29)
    for _ in 0..<1500 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
      do {
        #expect(try read(damaged, width: 4).rows.count <= 3, "seed 29: \(damaged)")
      } catch is RowFileError {}
    }
  }

  @Test func `a list that is cut into pieces gives the same rows`() throws {
    let text = "[" + (0..<3000).map { "[\($0),\n {\"]\": 1}]" }.joined(separator: " , ") + "]"
    let plain = text.replacingOccurrences(of: "{\"]\": 1}", with: "0")
    for capacity in [1, 7, 5000] {
      let found = try read(plain, width: 2, capacity: capacity)
      #expect(found.rows.map { Int($0[0]) } == Array(0..<3000))
      let bad = try read(text, width: 2, capacity: capacity)
      #expect(bad.problems.count == 3000 && bad.problems.last?.hasPrefix("rows[2999]: ") == true)
    }
  }
}

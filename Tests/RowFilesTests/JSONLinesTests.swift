import RowFiles
import TestSupport
import Testing

@Suite struct JSONLinesTests {
  @Test func `arrays and objects are rows`() throws {
    let found = try read(
      """
      [1,2,3]
      {"instance":[4,5,6]}

        { "id" : {"a":["x",null]}, "instance" : [ 7 , 8e0, 9.0 ] , "label" : "nine" }\r
      [1e-3,0.1,-2]
      """, width: 3)
    #expect(
      found
        == Reading(
          format: .jsonl, rows: [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1e-3, 0.1, -2]], numbers: [0, 1, 2, 3]))
  }

  static let bad: [(String, String)] = [
    ("[1,2]", "line 2: instance: expected 3 numbers, found 2"),
    ("[1,2,3,4]", "line 2: instance: expected 3 numbers, found more"),
    ("[1,\"2\",3]", "line 2: instance[1]: expected a number, found a string, at byte 3"),
    ("[1,NaN,3]", "line 2: instance[1]: expected a finite Float32, found NaN"),
    ("[1,1e39,3]", "line 2: instance[1]: expected a finite Float32, found 1e39"),
    ("[1,2,3", "line 2: "),
    ("[1,2,3],", "line 2: "),
    ("[1,2,3][4,5,6]", "line 2: "),
    ("[1,2 3]", "line 2: "),
    ("{\"instance\":[1,2,3]", "line 2: "),
    ("{\"instances\":[[1,2,3]]}", "line 2: expected an array of numbers or \"instance\", found neither"),
    ("{\"instance\":[1,2,3],\"instance\":[1,2,3]}", "line 2: instance: rows are given twice"),
    ("{\"instance\":[1,2,3],\"instances\":[[1,2,3]]}", "line 2: instances: rows are given twice"),
    ("{\"instances\":[[1,2,3]],\"instance\":[1,2,3]}", "line 2: instance: rows are given twice"),
    ("5", "line 2: expected an array of numbers or an object"),
    ("null", "line 2: expected an array of numbers or an object"),
    ("hello", "line 2: "),
    ("1,2,3", "line 2: "),
  ]

  @Test(arguments: bad)
  func `a bad row is named by its line, and the rows around it are read`(_ line: String, _ sentence: String) throws {
    let found = try read("[1,2,3]\n" + line + "\n[4,5,6]\n", width: 3, capacity: 8)
    #expect(found.rows == [[1, 2, 3], [4, 5, 6]])
    #expect(found.numbers == [0, 2])
    #expect(found.problems.count == 1 && found.problems[0].hasPrefix(sentence), "\(found.problems)")
  }

  @Test func `damaged lines never end the reader`() throws {
    let line = Array("{\"u\":[1,{\"a\":\"\\u00e9\"}],\"instance\":[1.5,-2e3,0.25]}".utf8)
    var random = SplitMix(state: 11)
    for _ in 0..<mutations(2000) {
      var damaged = line
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        damaged[place] = UInt8.random(in: 0...255, using: &random)
      }
      let lines = damaged.count { $0 == 0x0a } + 2
      let found = try read(damaged + [0x0a] + line, width: 3) { $0.format = .jsonl }
      #expect(found.rows.last == [1.5, -2000, 0.25], "seed 11: \(damaged)")
      #expect(found.rows.count + found.problems.count <= lines)
    }
  }
}

/// One row a line, or one list of rows: the brackets of an image may mean either.
@Suite struct JSONListTests {
  static let forms: [([Int], [String], [String])] = [
    ([4], ["[1,2,3,4]"], ["[[1,2,3,4],[5,6,7,8]]", "[\n[1,2,3,4]\n,\n[5,6,7,8]\n]\n"]),
    (
      [2, 2, 1], ["[1,2,3,4]", "[[1,2],[3,4]]", "[[[1],[2]],[[3],[4]]]"],
      ["[[1,2,3,4],[5,6,7,8]]", "[[[1,2],[3,4]],[[5,6],[7,8]]]", "[[[[1],[2]],[[3],[4]]],[[[5],[6]],[[7],[8]]]]"]
    ),
    (
      [2, 2], ["[1,2,3,4]", "[[1,2],[3,4]]", "[[[1],[2]],[[3],[4]]]"],
      ["[[1,2,3,4],[5,6,7,8]]", "[[[1,2],[3,4]],[[5,6],[7,8]]]"]
    ),
    ([1, 2, 2], ["[[[1,2],[3,4]]]"], ["[[[[1,2],[3,4]]],[[[5,6],[7,8]]]]", "[[1,2,3,4],[5,6,7,8]]"]),
  ]

  @Test(arguments: forms)
  func `each form of a row is read alone on its line, and in a list`(
    _ shape: [Int], _ rows: [String], _ lists: [String]
  ) throws {
    let folder = try Folder()
    for row in rows {
      let path = try folder.file(Array("\(row)\n\(row)\n".utf8))
      let found = try read(path: path, shape: shape)
      #expect(found.rows == [[1, 2, 3, 4], [1, 2, 3, 4]] && found.problems.isEmpty, "\(row): \(found)")
    }
    for list in lists {
      for text in [list, "{ \"instances\" :\n\(list)}"] {
        let found = try read(path: try folder.file(Array(text.utf8)), shape: shape)
        #expect(found.rows == [[1, 2, 3, 4], [5, 6, 7, 8]] && found.problems.isEmpty, "\(text): \(found)")
      }
    }
  }
}

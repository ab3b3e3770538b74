import RowFiles
import TestSupport
import Testing

@Suite struct ArrayTests {
  static let values: [Float] = [1, 2, 3, 4, 5, 6]

  static let same: [(String, RowFormat, [UInt8])] = [
    ("float32", .npy, npy("<f4", [2, 3], bytes(values))),
    ("float64", .npy, npy("<f8", [2, 3], bytes(values.map(Double.init)))),
    ("uint8", .npy, npy("|u1", [2, 3], [1, 2, 3, 4, 5, 6])),
    ("version 2", .npy, npy("<f4", [2, 3], bytes(values), version: 2)),
    ("version 3", .npy, npy("<f4", [2, 3], bytes(values), version: 3)),
    ("three dimensions", .npy, npy("<f4", [2, 3, 1], bytes(values))),
    ("IDX uint8", .idx, idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6])),
    ("IDX images", .idx, idx(0x08, [2, 1, 3], [1, 2, 3, 4, 5, 6])),
    ("IDX int32", .idx, idx(0x0c, [2, 3], bytes((1...6).map { UInt32($0).bigEndian }))),
    ("IDX float32", .idx, idx(0x0d, [2, 3], bytes(values.map { $0.bitPattern.bigEndian }))),
  ]

  @Test(arguments: same)
  func `the same rows in every form`(_ what: String, _ format: RowFormat, _ data: [UInt8]) throws {
    for capacity in [1, 2, 100] {
      let found = try read(data, width: 3, capacity: capacity)
      #expect(found == Reading(format: format, rows: [[1, 2, 3], [4, 5, 6]], numbers: [0, 1]), "\(what)")
    }
  }

  @Test func `one dimension is one row, or a column of rows of one number`() throws {
    #expect(try read(npy("<f4", [6], bytes(Self.values)), width: 6).rows == [Self.values])
    #expect(try read(npy("<f4", [6], bytes(Self.values)), width: 1).rows == Self.values.map { [$0] })
    #expect(try read(npy("<f4", [0, 3], []), width: 3).rows.isEmpty)
  }

  static let bad: [(String, [UInt8], String)] = [
    (
      "not a number", npy("<f4", [3, 2], bytes([1, 2, Float.nan, 4, 5, 6])),
      "rows[1][0]: expected a finite Float32, found nan"
    ),
    (
      "infinite", npy("<f4", [3, 2], bytes([1, 2, 3, -Float.infinity, 5, 6])),
      "rows[1][1]: expected a finite Float32, found -inf"
    ),
    (
      "beyond Float32", npy("<f8", [3, 2], bytes([1, 2, 3, 1e300, 5, 6])),
      "rows[1][1]: expected a finite Float32, found 1e+300"
    ),
    (
      "IDX", idx(0x0d, [3, 2], bytes([1, 2, 3, Float.nan, 5, 6].map { $0.bitPattern.bigEndian })),
      "rows[1][1]: expected a finite Float32, found nan"
    ),
  ]

  @Test(arguments: bad)
  func `a bad row is named by its number, and the rows around it are read`(
    _ what: String, _ data: [UInt8], _ sentence: String
  ) throws {
    for capacity in [1, 2, 100] {
      let found = try read(data, width: 2, capacity: capacity)
      #expect(
        found == Reading(format: found.format, rows: [[1, 2], [5, 6]], numbers: [0, 2], problems: [sentence]), "\(what)"
      )
    }
  }

  static let refused: [(String, [UInt8], String)] = [
    ("no such type", npy("<i16", [2, 3], bytes([1, 2, 3, 4, 5, 6])), "'<i16'"),
    ("version 9", npy("<f4", [2, 3], bytes(values), version: 9), "version 9"),
    ("wide", npy("<f4", [3, 2], bytes(values)), "rows of 2 numbers, expected 3"),
    ("no dimension", npy("<f4", [], bytes([Float(1)])), "shape is ()"),
    ("short", npy("<f4", [2, 3], bytes(values).dropLast()), "23 bytes behind the header, expected 24"),
    ("long", npy("<f4", [2, 3], bytes(values) + [0]), "25 bytes behind the header, expected 24"),
    ("enormous", npy("<f4", [1 << 62, 3], bytes(values)), "beyond any file"),
    ("no such dimension", npy("<f4", [2, 1 << 62, 1 << 62], []), "beyond any array"),
    ("half a header", Array(npy("<f4", [2, 3], []).prefix(40)), "ends within its header"),
    ("nonsense for a header", [0x93] + Array("NUMPY".utf8) + [1, 0, 4, 0] + Array("abcd....".utf8), "malformed"),
    ("IDX of no type", idx(0x0a, [2, 3], bytes([Int32](repeating: 0, count: 6))), "0xa"),
    ("IDX labels", idx(0x08, [6], [1, 2, 3, 4, 5, 6]), "rows of 1 numbers, expected 3"),
    ("IDX short", idx(0x08, [2, 3], [1, 2, 3]), "3 bytes behind the header, expected 6"),
    ("IDX half a header", [0, 0, 8, 3, 0, 0, 0, 1], "ends within its header"),
  ]

  @Test(arguments: refused)
  func `another array is refused with the reason`(_ what: String, _ data: [UInt8], _ sentence: String) throws {
    let found = try refusal(data, width: 3)
    #expect(found.contains(sentence), "\(what): \(found)")
  }

  @Test func `damaged headers never end the reader`() throws {
    var random = SplitMix(state: 5)
    for whole in [npy("<f4", [2, 3], bytes(Self.values)), idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6])] {
      let range = 0..<(whole.count > 64 ? 60 : 12)
      for _ in 0..<1000 {
        var damaged = whole
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          damaged[Int.random(in: range, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        // Read or refused: both are fine, and no row is more than the file holds.
        do {
          #expect(try read(damaged, width: 3).rows.count <= damaged.count, "seed 5: \(damaged)")
        } catch is RowFileError {}
      }
    }
  }
}

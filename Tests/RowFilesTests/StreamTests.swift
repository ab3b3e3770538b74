import Foundation
import RowFiles
import TestSupport
import Testing

@Suite struct StreamTests {
  @Test func `gzip is seen through in every form`() throws {
    let expected: [[Float]] = [[1, 2, 3], [4, 5, 6]]
    for plain in [
      Array("1,2,3\n4,5,6\n".utf8), Array("[1,2,3]\n[4,5,6]".utf8), npy("|u1", [2, 3], [1, 2, 3, 4, 5, 6]),
      idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]),
    ] {
      #expect(try read(gzip(plain), width: 3).rows == expected)
      let members = gzip(Array(plain.prefix(5))) + gzip(Array(plain.dropFirst(5)))
      #expect(try read(members, width: 3).rows == expected)
    }
  }

  @Test func `megabytes of gzip arrive whole`() throws {
    var random = SplitMix(state: 3)
    let data = (0..<2_000_000).map { _ in UInt8.random(in: 0...9, using: &random) }
    let found = try read(gzip(npy("|u1", [20_000, 100], data)), width: 100, capacity: 777)
    #expect(found.rows.flatMap { $0.map(UInt8.init) } == data, "seed 3")
  }

  @Test func `damaged gzip is refused`() throws {
    let whole = gzip(Array((0..<5000).map { "\($0),2\n" }.joined().utf8))
    #expect(try refusal(Array(whole.dropLast(20)), width: 2).contains("ends too early"))
    #expect(try refusal(whole + [1, 2, 3], width: 2).contains("damaged"))
    var damaged = whole
    damaged[whole.count / 2] ^= 0xff
    #expect(try refusal(damaged, width: 2) != "")
  }

  /// Nothing that could be read is lost.
  @Test func `the rows before the damage come first`() throws {
    let folder = try Folder()
    let text = Array((0..<5000).map { "\($0),2\n" }.joined().utf8)
    let endless = Array("1,2\n3,4\n".utf8) + [UInt8](repeating: 0x31, count: 2 << 20)
    let short = gzip(npy("|u1", [3, 3], [1, 2, 3, 4, 5, 6, 7]))
    for (bytes, width, least) in [(Array(gzip(text).dropLast(20)), 2, 4000), (endless, 2, 2), (short, 3, 2)] {
      let file = try RowFile(path: try folder.file(bytes), shape: [width], options: .init())
      let block = RowBlock(width: width, capacity: 1024)
      var rows = 0
      let error = #expect(throws: RowFileError.self) {
        while try file.cut(into: block) {
          file.parse(block)
          #expect(block.problems.isEmpty)
          rows += block.count
        }
      }
      #expect(rows >= least, "\(error?.description ?? "")")
      let again = #expect(throws: RowFileError.self) { try file.cut(into: block) }
      #expect(again?.description == error?.description)
    }
  }

  @Test func `an array that ends too early within gzip is refused after its whole rows`() throws {
    let short = gzip(npy("|u1", [3, 3], [1, 2, 3, 4, 5, 6, 7]))
    #expect(try refusal(short, width: 3).contains("it ends within rows[2]"))
    let long = gzip(npy("|u1", [1, 3], [1, 2, 3, 4]))
    #expect(try refusal(long, width: 3).contains("bytes behind the last row"))
  }

  @Test func `what is missing or a folder is refused by name`() throws {
    let folder = try Folder()
    let missing = folder.url.path + "/nowhere.csv"
    for (path, sentence) in [(missing, "cannot be opened"), (folder.url.path, "is a directory")] {
      let error = #expect(throws: RowFileError.self) { try RowFile(path: path, shape: [1], options: .init()) }
      #expect(error?.description.hasPrefix(path + ": ") == true && error?.description.contains(sentence) == true)
    }
  }

  @Test func `rows of a pipe come as they are written`() throws {
    let folder = try Folder()
    let path = folder.url.path + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    // Opened for both, so that neither side waits for the other to open it.
    let writer = open(path, O_RDWR)
    defer { close(writer) }
    func send(_ text: String) { _ = text.withCString { write(writer, $0, strlen($0)) } }
    send("1,2,3,4,5,6\n")
    let file = try RowFile(path: path, shape: [6], options: .init())
    let block = RowBlock(width: 6, capacity: 1000)
    #expect(try file.cut(into: block))
    file.parse(block)
    #expect(block.numbers == [0] && file.fraction == nil)
    send("2,2,3,4,5,6\n3,2,3,4,5,6\n4,2")
    #expect(try file.cut(into: block))
    file.parse(block)
    #expect(block.numbers == [1, 2])
    send(",3,4,5,6\n")
    #expect(try file.cut(into: block))
    file.parse(block)
    #expect(block.numbers == [3] && block.rows[0] == 4)
  }
}

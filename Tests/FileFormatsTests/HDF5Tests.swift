import TestSupport
import Testing

@testable import FileFormats

@Suite struct HDF5Tests {
  /// The format's two generations: symbol tables and version 1 headers, links and version 2 headers.
  @Test(arguments: ["earliest.h5", "latest.h5"])
  func `groups, attributes and datasets are read`(name: String) throws {
    let file = try HDF5File(ByteSlice(fixture(name)))
    #expect(try file.members(of: "/") == ["outer"])
    #expect(try file.members(of: "/outer/inner")?.count == 7)
    #expect(try file.members(of: "/other") == nil)
    #expect(try file.strings(attribute: "text", of: "/") == ["grüße"])
    #expect(try file.strings(attribute: "list", of: "/") == ["one", "two", "three"])
    #expect(try file.strings(attribute: "texts", of: "/") == ["a", "", String(repeating: "long", count: 20)])
    #expect(try file.strings(attribute: "number", of: "/") == nil)
    #expect(try file.strings(attribute: "other", of: "/") == nil)
    let single = try #require(try file.dataset("/outer/inner/single"))
    #expect(single.type == .float32 && single.shape == [2, 3])
    #expect(
      single.bytes.array == (0..<6).flatMap { withUnsafeBytes(of: Float($0).bitPattern.littleEndian, Array.init) })
    let expected: [(String, HDF5Datatype, [Int])] = [
      ("double", .float64, [2]), ("half", .float16, [2]), ("scalar", .float32, []), ("integer", .integer(bytes: 4), []),
      ("big_endian", .other(class: 1, bytes: 4), [1]), ("empty", .float32, [0, 4]),
    ]
    for (name, type, shape) in expected {
      let dataset = try #require(try file.dataset("/outer/inner/\(name)"))
      #expect(dataset.type == type && dataset.shape == shape, "\(name)")
    }
  }

  @Test func `a group of several B-tree nodes is read whole`() throws {
    let file = try HDF5File(ByteSlice(fixture("wide.h5")))
    #expect(try file.members(of: "/group")?.count == 300)
    let dataset = try #require(try file.dataset("/group/member299"))
    #expect(try dataset.bytes.integer(UInt32.self, at: 0, "") == Float(299).bitPattern)
  }

  @Test func `what Keras does not write is refused by name`() throws {
    let file = try HDF5File(ByteSlice(fixture("refused.h5")))
    // The soft link keeps the root from being read at all.
    #expect(complaint { _ = try file.members(of: "/") }.contains("symbolic"))
  }

  @Test(arguments: ["attributes.v108.h5", "attributes.latest.h5"])
  func `attributes in a fractal heap are read, managed and huge`(name: String) throws {
    let file = try HDF5File(ByteSlice(fixture(name)))
    #expect(try file.attributes(of: "/")?.count == 43)
    for index in 0..<40 {
      let number = index < 10 ? "0\(index)" : "\(index)"
      let expected = "value \(index) " + String(repeating: "x", count: index)
      #expect(try file.strings(attribute: "text\(number)", of: "/") == [expected])
    }
    #expect(try file.strings(attribute: "list", of: "/") == ["one", "two"])
    #expect(try file.strings(attribute: "huge", of: "/") == [String(repeating: "0123456789", count: 700)])
    #expect(try file.strings(attribute: "number", of: "/") == nil)
    #expect(try file.strings(attribute: "other", of: "/") == nil)
    for index in 0..<9 {
      let expected = ["a", String(repeating: "b", count: index)]
      #expect(try file.strings(attribute: "name\(index)", of: "/inner") == expected)
    }
    #expect(try file.dataset("/inner/single")?.shape == [2, 3])
  }

  @Test func `links in a fractal heap are read, in blocks within blocks`() throws {
    let dense = try HDF5File(ByteSlice(fixture("dense.h5")))
    #expect(try dense.members(of: "/") == (0..<20).map { "group\($0)" }.sorted())
    let archive = try ZipArchive(ByteSlice(fixture("deep.zip")))
    let file = try HDF5File(archive.contents("deep.h5", limit: 1 << 24))
    let members = try #require(try file.members(of: "/"))
    #expect(members.count == 1501)
    for (index, name) in members.dropLast().enumerated() {
      #expect(name == String(String("\(10000 + index)").dropFirst()) + String(repeating: "n", count: 700))
    }
    #expect(try file.dataset("/" + members[1234])?.bytes.integer(UInt32.self, at: 0, "") == Float(3).bitPattern)
  }

  @Test func `an index that leads back to itself ends`() throws {
    var bytes = try fixture("attributes.latest.h5")
    // The first child of the first inner node becomes that node.
    let node = try #require(bytes.place(of: "BTIN"))
    let header = try #require(bytes.place(of: "BTHD"))
    #expect(bytes.integer(at: header + 16, bytes: 8) == node)
    let records = bytes.integer(at: header + 24, bytes: 2)
    bytes.set(UInt64(node), at: node + 6 + 17 * records, bytes: 8)
    let file = try HDF5File(ByteSlice(bytes))
    let words = complaint { _ = try file.strings(attribute: "list", of: "/") }
    #expect(words.contains("leads back to itself"), "\(words)")
  }

  @Test(arguments: [("chunked", "chunked"), ("compressed", "compressed")])
  func `chunks and filters are refused by name`(name: String, word: String) throws {
    let file = try HDF5File(ByteSlice(fixture("chunked.h5")))
    #expect(complaint { _ = try file.dataset("/" + name) }.contains(word))
  }

  @Test func `a file shorter than it says is refused`() throws {
    let bytes = try fixture("earliest.h5")
    #expect(
      complaint { _ = try HDF5File(ByteSlice(Array(bytes.dropLast()))) }.contains("says that it has \(bytes.count)"))
    #expect(complaint { _ = try HDF5File(ByteSlice([])) }.contains("signature"))
  }

  @Test func `a B-tree that leads back to itself ends`() throws {
    var bytes = try fixture("wide.h5")
    // The last tree is the wide group's: its first child becomes itself.
    var tree = try #require(bytes.place(of: "TREE"))
    while let next = bytes.place(of: "TREE", from: tree + 1) { tree = next }
    bytes.set(UInt64(tree), at: tree + 32, bytes: 8)
    let file = try HDF5File(ByteSlice(bytes))
    let words = complaint { _ = try file.members(of: "/group") }
    #expect(words.contains("leads back to itself"), "\(words)")
  }

  @Test func `a header that continues in itself ends`() throws {
    // Version 1: 16 bytes of head, then one continuation message that names its own block.
    var header = [UInt8](repeating: 0, count: 16)
    header[0] = 1
    header.set(24, at: 8, bytes: 4)
    var message = [UInt8](repeating: 0, count: 24)
    message.set(0x10, at: 0, bytes: 2)
    message.set(16, at: 2, bytes: 2)
    var bytes = Array(try fixture("earliest.h5").prefix(96))
    message.set(UInt64(bytes.count + 16), at: 8, bytes: 8)
    message.set(24, at: 16, bytes: 8)
    bytes.set(UInt64(bytes.count), at: 64, bytes: 8)
    bytes += header + message
    bytes.set(UInt64(bytes.count), at: 40, bytes: 8)
    let file = try HDF5File(ByteSlice(bytes))
    let words = complaint { _ = try file.members(of: "/") }
    #expect(words.contains("circle"), "\(words)")
  }

  @Test(arguments: ["earliest.h5", "latest.h5", "wide.h5", "attributes.v108.h5", "attributes.latest.h5"])
  func `two thousand damaged files: read or refused, never a crash`(name: String) throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let whole = try fixture(name)
    var refused = 0
    for _ in 0..<2000 {
      var bytes = whole
      random.damage(&bytes)
      do {
        let file = try HDF5File(ByteSlice(bytes))
        for path in ["/", "/outer", "/outer/inner", "/group", "/inner"] {
          for attribute in ["texts", "huge", "text11", "name3"] {
            _ = try file.strings(attribute: attribute, of: path)
          }
          for member in try file.members(of: path)?.prefix(20) ?? [] {
            let dataset = try? file.dataset(path + "/" + member)
            #expect(dataset?.bytes.count ?? 0 <= bytes.count, "seed \(seed)")
          }
        }
      } catch {
        refused += 1
        #expect(error.description.count > 20, "seed \(seed)")
      }
    }
    // Most of a file is slack, so many damages go unnoticed; that some are refused shows that the damage is real.
    #expect(refused > 200, "seed \(seed)")
  }
}

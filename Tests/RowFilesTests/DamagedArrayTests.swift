import Foundation
import RowFiles
import TestSupport
import Testing

/// Arrays that are no longer what was written: refused, whatever their order and wherever they lie.
@Suite struct DamagedArrayTests {
  @Test func `an array in Fortran order that ends too early within gzip or an archive is refused`() throws {
    for data in 0..<6 {
      let short = npy("|u1", [2, 3], Array([1, 4, 2, 5, 3, 6].prefix(data)), fortran: true)
      #expect(try refusal(gzip(short), width: 3).contains("there are \(data) bytes behind the header, expected 6"))
    }
    let whole = npy("|u1", [2, 3], [1, 4, 2, 5, 3, 6], fortran: true)
    #expect(try read(gzip(whole), width: 3).rows == [[1, 2, 3], [4, 5, 6]])
    #expect(try refusal(Array(gzip(whole).dropLast(12)), width: 3).contains("ends too early"))
  }

  @Test(arguments: ["savez.npz", "savez_compressed.npz", "savez_fortran.npz", "savez_stored_fortran.npz"])
  func `no changed byte of an archive changes a row in silence`(_ file: String) throws {
    let whole = try PandasAndNumpyTests.bytes(file)
    let rows = try read(whole, width: 4).rows
    #expect(!rows.isEmpty)
    for place in whole.indices {
      var damaged = whole
      damaged[place] ^= 1 << (place % 8)
      do {
        #expect(try read(damaged, width: 4).rows == rows, "byte \(place)")
      } catch is RowFileError {}
    }
  }

  static let headers: [(String, String)] = [
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'shape': (3, 2), }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'fortran_order': True, }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': Falsehood, 'shape': (2, 3), }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': True or False, 'shape': (2, 3), }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)[::-1], }", "malformed"),
    ("{'descr': '|u1' '<f4', 'fortran_order': False, 'shape': (2, 3), }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2 3), }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'more': 1, }", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), } + x", "malformed"),
    ("{'descr': '|u1', 'fortran_order': False}", "malformed"),
    ("{'descr': '<f4', (2,)), 'fortran_order': False, 'shape': (2, 3)}", "malformed"),
    ("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (2, 3)}", "structured"),
    ("{'descr': [('a]', '<f4'), ('b', '<i2')], 'fortran_order': False, 'shape': (2,), }", "structured"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 3L), }", ""),
    ("{'shape':(2,3),'fortran_order':False,'descr':'u1'}", ""),
    ("{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2, 3)}", ""),
  ]

  @Test(arguments: headers)
  func `a header says each thing once, and nothing else`(_ text: String, _ refusalPart: String) throws {
    let size = UInt8(text.utf8.count + 1)
    let file: [UInt8] =
      [0x93] + Array("NUMPY".utf8) + [1, 0, size, 0] + Array((text + "\n").utf8) + [1, 2, 3, 4, 5, 6]
    let found = try refusal(file, width: 3)
    #expect(refusalPart.isEmpty ? found.isEmpty : found.contains(refusalPart), "\(text): \(found)")
  }
}

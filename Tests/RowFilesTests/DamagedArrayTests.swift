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
}

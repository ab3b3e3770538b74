import Bytes
import Foundation
import Testing

@Suite struct NumberTypeTests {
  /// A type, the bits of numbers in it, and these numbers.
  static let numbers: [(NumberType, [UInt64], [Float])] = [
    (.bool, [0, 1, 255], [0, 1, 1]), (.int8, [0x80, 0x7f], [-128, 127]), (.uint8, [0x80, 0xff], [128, 255]),
    (.int16, [0x8000, 0x7fff], [-32768, 32767]), (.uint16, [0xffff], [65535]),
    (.int32, [0x8000_0000, 16_777_217], [-2_147_483_648, 16_777_216]), (.uint32, [0xffff_ffff], [4_294_967_296]),
    (.int64, [1 << 63, 1], [-9_223_372_036_854_775_808, 1]), (.uint64, [.max], [18_446_744_073_709_551_616]),
    (.float16, [0x3c00, 0x8001, 0x7bff, 0x7c00], [1, -0x1p-24, 65504, .infinity]),
    (.bfloat16, [0x3f80, 0xff80, 0x0001], [1, -.infinity, Float(bitPattern: 0x10000)]),
    (.float32, [0x3f80_0000, 0x8000_0001], [1, -.leastNonzeroMagnitude]),
    (.float64, [(1.5).bitPattern, (1e300).bitPattern, (0.1).bitPattern], [1.5, .infinity, 0.1]),
  ]

  @Test(arguments: numbers, [false, true])
  func `numbers of every type and either order are converted, at any address`(
    numbers: (type: NumberType, bits: [UInt64], floats: [Float]), isBigEndian: Bool
  ) {
    let size = numbers.type.size
    // One byte before them, so that none is aligned.
    var bytes: [UInt8] = [0xee]
    for bits in numbers.bits {
      let little = (0..<size).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
      bytes += isBigEndian ? little.reversed() : little
    }
    var floats = [Float](repeating: .nan, count: numbers.bits.count)
    bytes.withUnsafeBytes { source in
      floats.withUnsafeMutableBufferPointer { target in
        numbers.type.convert(
          source.baseAddress! + 1, isBigEndian: isBigEndian, to: target.baseAddress!, count: target.count)
      }
    }
    #expect(floats == numbers.floats)
  }

  @Test func `every type is tested`() { #expect(Set(Self.numbers.map(\.0)) == Set(NumberType.allCases)) }

  @Test func `a small file is read whole, or refused`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("small-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(try SmallFile.contents(of: path, limit: 40_000) == bytes)
    #expect(throws: SmallFile.Failure.self) { try SmallFile.contents(of: path, limit: 39_999) }
    #expect(throws: SmallFile.Failure.self) { try SmallFile.contents(of: path + ".none", limit: 1) }
  }
}

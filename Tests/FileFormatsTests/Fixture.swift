import Foundation
import TestSupport

@testable import FileFormats

/// A file of the Data folder.
func fixture(_ name: String) throws -> [UInt8] {
  let folder = Bundle.module.url(forResource: "Data", withExtension: nil)!
  return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
}

extension [UInt8] {
  /// Where `text` first stands.
  func place(of text: String, from start: Int = 0) -> Int? {
    let pattern = Array(text.utf8)
    return indices.dropFirst(start).first { index in
      index + pattern.count <= count && Array(self[index..<index + pattern.count]) == pattern
    }
  }

  func integer(at offset: Int, bytes: Int) -> Int {
    (0..<bytes).reversed().reduce(0) { $0 << 8 | Int(self[offset + $1]) }
  }

  mutating func set(_ value: UInt64, at offset: Int, bytes: Int) {
    for index in 0..<bytes { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }
}

/// What an error says; "" for none.
func complaint(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}

extension SplitMix {
  /// One to four flipped bits, overwritten lengths, spliced or lost stretches.
  mutating func damage(_ bytes: inout [UInt8]) {
    for _ in 0..<Int.random(in: 1...4, using: &self) where bytes.count > 16 {
      let place = Int.random(in: 0..<bytes.count - 8, using: &self)
      switch Int.random(in: 0..<6, using: &self) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 2:
        // A length or an address, where these lie: at multiples of their size.
        let width = [2, 4, 8].randomElement(using: &self)!
        let values = [0, 1, UInt64(place), UInt64(bytes.count), UInt64(bytes.count) - 8, 1 << 31, 1 << 62, .max]
        bytes.set(values.randomElement(using: &self)!, at: place & ~(width - 1), bytes: width)
      case 3:
        let count = min(Int.random(in: 1...64, using: &self), bytes.count - place)
        let target = Int.random(in: 0...bytes.count - count, using: &self)
        for index in 0..<count { bytes[target + index] = bytes[place + index] }
      case 4: bytes.remove(at: place)
      default: bytes.removeLast(bytes.count - place)
      }
    }
  }
}

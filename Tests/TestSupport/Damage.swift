import Foundation

/// `whole` with one to four bytes changed, lost or added, or cut off; those added are of `alphabet`.
public func damaged(
  _ whole: [UInt8], alphabet: StaticString, using generator: inout some RandomNumberGenerator
) -> [UInt8] {
  let letters = UnsafeBufferPointer(start: alphabet.utf8Start, count: alphabet.utf8CodeUnitCount)
  var bytes = whole
  for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes.remove(at: place)
    case 2: bytes.insert(letters.randomElement(using: &generator)!, at: place)
    default: bytes = Array(bytes.prefix(place))
    }
  }
  return bytes
}

/// How many damaged copies a test tries: of `all` a quarter, and all of them where `scripts/test.sh --all` sets TEST_ALL.
public func mutations(_ all: Int) -> Int { ProcessInfo.processInfo.environment["TEST_ALL"] == nil ? all / 4 : all }

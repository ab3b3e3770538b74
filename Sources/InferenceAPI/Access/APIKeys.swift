import Bytes
import Synchronization

/// The keys that callers must have, from a file that may be read again: `NAME:KEY` or `NAME:KEY:admin` a line.
package final class APIKeys: Sendable {
  /// Who a key is for.
  struct Holder: Sendable, Equatable {
    let name: String
    let isAdmin: Bool
  }

  struct Key: Sendable {
    let holder: Holder
    let secret: [UInt8]
  }

  /// What is wrong with a file of keys. `description` is the sentence.
  package struct Problem: Error, CustomStringConvertible { package let description: String }

  private let path: String
  private let keys: Mutex<[Key]>

  /// Bytes of a key at least: of hexadecimal digits, 64 bits.
  private static let minSecret = 16

  /// Reads a file.
  package init(path: String) throws(Problem) {
    self.path = path
    keys = Mutex(try Self.read(path))
  }

  /// Reads the file again; the keys stay as they were when something is wrong with it.
  /// - Returns: how many there are.
  package func reload() throws(Problem) -> Int {
    let read = try Self.read(path)
    keys.withLock { $0 = read }
    return read.count
  }

  /// Who has a key; nil: nobody. Takes as long whoever it is: all keys are compared, to their ends.
  func holder(of secret: some Collection<UInt8>) -> Holder? {
    let secret = Array(secret)
    guard !secret.isEmpty else { return nil }
    return keys.withLock { keys in
      var found: Holder?
      for key in keys where Self.areEqual(secret, key.secret) { found = key.holder }
      return found
    }
  }

  /// Compares without telling by its time where two keys differ; the length of what was sent is no secret.
  private static func areEqual(_ sent: [UInt8], _ key: [UInt8]) -> Bool {
    var difference = sent.count ^ key.count
    for index in sent.indices { difference |= Int(sent[index] ^ key[index % key.count]) }
    return difference == 0
  }

  private static func read(_ path: String) throws(Problem) -> [Key] {
    guard let bytes = try? SmallFile.contents(of: path, limit: 1 << 20) else {
      throw Problem(description: "\(path): expected a file of keys of at most 1 MiB that can be read")
    }
    let keys = try parse(String(decoding: bytes, as: UTF8.self), path)
    guard !keys.isEmpty else {
      throw Problem(
        description: "\(path): expected at least one line NAME:KEY, found none; nobody could ask for anything")
    }
    return keys
  }

  static func parse(_ text: String, _ path: String) throws(Problem) -> [Key] {
    var keys: [Key] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      guard !line.allSatisfy(\.isWhitespace), !line.hasPrefix("#") else { continue }
      let place = "\(path), line \(index + 1)"
      let parts = line.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2 || (parts.count == 3 && parts[2] == "admin"), !parts[0].isEmpty else {
        throw Problem(description: "\(place): expected NAME:KEY or NAME:KEY:admin")
      }
      let (name, secret) = (String(parts[0]), Array(parts[1].utf8))
      guard secret.count >= minSecret, secret.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw Problem(
          description: "\(place): expected a key of at least \(minSecret) visible characters without blanks, such as "
            + "`openssl rand -hex 16` prints")
      }
      for key in keys where key.holder.name == name || key.secret == secret {
        throw Problem(
          description: "\(place): the \(key.holder.name == name ? "name" : "key") of '\(name)' is there a second time")
      }
      keys.append(Key(holder: Holder(name: name, isAdmin: parts.count == 3), secret: secret))
    }
    return keys
  }
}

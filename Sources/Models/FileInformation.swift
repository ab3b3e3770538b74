import CNettle
import Dispatch
import Synchronization

/// What `GET /model` says of the file that a model came from.
public struct FileInformation: Sendable, Equatable {
  /// Last component of the path.
  public let name: String
  /// As it was given.
  public let path: String
  /// The file's size.
  public let bytes: Int
  /// SHA-256 (FIPS 180-4), 64 hexadecimal digits.
  public let sha256: String
  /// What the file is.
  public let form: ModelForm

  /// Waits for the checksum.
  init(path: String, file: FileContents, form: ModelForm, digest: FileDigest) {
    self.path = path
    self.form = form
    name = Self.name(of: path)
    bytes = file.count
    sha256 = digest.value
  }

  /// Last component of a path.
  static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// In hexadecimal.
  static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
    var context = sha256_ctx()
    nettle_sha256_init(&context)
    nettle_sha256_update(&context, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    var digest = [UInt8](repeating: 0, count: 32)
    nettle_sha256_digest(&context, digest.count, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// The checksum of a file, which is computed while the file is read and repacked.
final class FileDigest: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex("")

  init(of file: FileContents) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) {
      let digest = file.withBytes(FileInformation.sha256)
      self.result.withLock { $0 = digest }
    }
  }

  /// Waits for it.
  var value: String {
    group.wait()
    return result.withLock { $0 }
  }
}

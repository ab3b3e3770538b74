import Glibc

/// A file that is read whole: of settings, of names, of the kernel's figures.
public enum SmallFile {
  /// Why a file was not read.
  public enum Failure: Error, Sendable {
    /// The system refused; with its word for it (errno(3)).
    case system(String)
    /// It has more bytes than it may.
    case tooLarge
  }

  /// The bytes of a file.
  /// - Parameter limit: the most bytes that it may have.
  public static func contents(of path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(String(cString: strerror(errno))) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw .tooLarge }
    }
  }
}

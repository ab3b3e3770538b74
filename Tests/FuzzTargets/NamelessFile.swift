import Glibc

/// A file that has lost its name, for readers that take a path: it is gone with the process, however that ends.
final class NamelessFile {
  private let descriptor: Int32

  /// For the readers, which open it anew.
  let path: String

  /// - Parameter bytes: all that is in it.
  init(_ bytes: UnsafeRawBufferPointer) {
    var name = Array("/tmp/radial-fuzz-XXXXXX".utf8CString)
    descriptor = mkstemp(&name)
    precondition(descriptor >= 0 && unlink(name) == 0, "no file could be made below /tmp: \(errno)")
    precondition(write(descriptor, bytes.baseAddress, bytes.count) == bytes.count, "write(2) failed: \(errno)")
    path = "/proc/self/fd/\(descriptor)"
  }

  deinit { close(descriptor) }
}

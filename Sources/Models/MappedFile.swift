import FileFormats
import Glibc

/// A file mapped read-only. The bytes are lent to closures and never stored.
///
/// A file that another process truncates while it is mapped ends this process (SIGBUS, mmap(2)): models are replaced by renaming a
/// new file into place, never by writing into the old one.
final class MappedFile: ByteOwner {
  private let bytes: UnsafeRawBufferPointer

  var count: Int { bytes.count }

  init(path: String) throws(ModelError) {
    // O_NONBLOCK: opening a FIFO would wait for a writer; on a regular file it means nothing.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ModelError(
        .file, path, "cannot be opened (\(String(cString: strerror(errno)))); check the path and its permissions")
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw ModelError(.file, path, "is not a regular file; name a .safetensors, .keras or .h5 file")
    }
    guard information.st_size > 0 else {
      throw ModelError(.file, path, "is empty, expected a safetensors or Keras file; copy or export the model again")
    }
    let size = Int(information.st_size)
    guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
      throw ModelError(.file, path, "cannot be mapped (\(String(cString: strerror(errno))))")
    }
    bytes = UnsafeRawBufferPointer(start: memory, count: size)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

  /// Lends the whole file.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }
}

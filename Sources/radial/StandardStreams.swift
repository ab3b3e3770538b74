import Glibc

/// The three descriptors that a program begins with.
enum StandardStreams {
  /// Where one of them is closed, the next file that is opened would take its number, and what is meant for standard error would go
  /// into it: `radial predict m - -o out 2>&-`. From now on reading and writing there fail, but that what is said is lost.
  static func occupy() {
    // In ascending order, since open takes the lowest number that is free.
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", mode)
    }
  }

  /// Writes what `print` has kept back.
  static func flush() throws(Failure) {
    guard fflush(nil) != 0 else { return }
    throw .environment(
      "writing to the standard output failed (\(String(cString: strerror(errno)))); check where it goes")
  }
}

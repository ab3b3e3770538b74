import Glibc
import Synchronization

/// The file that is being written, which is removed when a signal ends the process. What the kernel ends (SIGKILL) leaves it behind.
enum InterruptedFile {
  private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ]
  /// The address of a copy of its path, which is never given back, since a handler may be reading it; 0: there is none.
  private static let address = Atomic<UInt>(0)
  private static var path: UnsafeMutablePointer<CChar>? {
    UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
  }

  /// From now on a signal removes the file. One at a time: while there is one already, nothing happens.
  static func begin(_ file: String) {
    guard let copy = strdup(file) else { return }
    let desired = UInt(bitPattern: copy)
    guard address.compareExchange(expected: 0, desired: desired, ordering: .acquiringAndReleasing).exchanged else {
      free(copy)
      return
    }
    for number in signals {
      var current = sigaction()
      sigaction(number, nil, &current)
      // What is ignored (nohup) or handled by others stays so.
      guard current.__sigaction_handler.sa_handler == nil else { continue }
      signal(number) { number in
        // Only calls that signal-safety(7) allows.
        if let path = InterruptedFile.path { unlink(path) }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  /// The file has taken its place, or is gone.
  static func end(_ file: String) {
    guard let path, strcmp(path, file) == 0 else { return }
    _ = address.compareExchange(expected: UInt(bitPattern: path), desired: 0, ordering: .acquiringAndReleasing)
  }
}

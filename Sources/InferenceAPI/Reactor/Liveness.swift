import Glibc

/// Asks the kernel, without waiting, which clients are still there: one `poll` over all sockets.
///
/// Only a reset or a full hang-up counts. A half-closed client (`shutdown(SHUT_WR)` after its request) still reads its answer, and
/// over TCP a plain close looks the same until we write.
func connectedClients(_ descriptors: [Int32]) -> [Bool] {
  // One call for all of a batch: a call a socket would cost more than their rows.
  var polled = descriptors.map { pollfd(fd: $0, events: 0, revents: 0) }
  guard poll(&polled, nfds_t(polled.count), 0) >= 0 else { return descriptors.map { _ in true } }
  return polled.map { Int32($0.revents) & (POLLHUP | POLLERR | POLLNVAL) == 0 }
}

import Glibc

/// Asks the kernel, without waiting, which clients still wait for their answers: one `poll` over all sockets.
///
/// - Parameter dropsHalfClosed: whether one that has said that it sends no more (FIN) counts as gone. Over TCP a client that has closed its
///   socket looks the same as one that still reads (`shutdown(SHUT_WR)`), until we write. Otherwise only a reset or a full hang-up counts.
func connectedClients(_ descriptors: [Int32], dropsHalfClosed: Bool) -> [Bool] {
  // One call for all of a batch: a call a socket would cost more than their rows.
  let events = dropsHalfClosed ? hangup : 0
  var polled = descriptors.map { pollfd(fd: $0, events: events, revents: 0) }
  guard poll(&polled, nfds_t(polled.count), 0) >= 0 else { return descriptors.map { _ in true } }
  let gone = Int16(POLLHUP) | Int16(POLLERR) | Int16(POLLNVAL) | hangup
  return polled.map { $0.revents & gone == 0 }
}

/// POLLRDHUP (asm-generic/poll.h), which Glibc's Swift module leaves out: the peer has shut down its side for writing.
private let hangup: Int16 = 0x2000

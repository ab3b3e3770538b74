internal import CMicroHTTPD
import Glibc

/// Connections that wait for their clients to go on with the handshake.
final class WaitingHandshakes {
  /// For `poll`: readable while a client has gone on, or is gone.
  let descriptor: Int32
  private(set) var count = 0

  /// - Throws: when the process has no descriptor left.
  init() throws(ServerError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    if descriptor < 0 {
      throw ServerError(
        kind: .socket, description: "Could not create an epoll descriptor; raise the limit of open files.")
    }
  }

  deinit { close(descriptor) }

  /// Waits for one. It must not be closed until `takeReady` gives it.
  /// - Returns: false: the system refused.
  func add(_ exchange: Exchange, _ session: TLSSession) -> Bool {
    var event = epoll_event()
    event.events = session.waitsToSend ? EPOLLOUT.rawValue : EPOLLIN.rawValue
    event.data.ptr = Unmanaged.passUnretained(exchange).toOpaque()
    guard epoll_ctl(descriptor, EPOLL_CTL_ADD, exchange.descriptor, &event) == 0 else { return false }
    count += 1
    return true
  }

  /// Those whose clients have gone on, or are gone; for these the wait is over.
  func takeReady(_ body: (Exchange) -> Void) {
    guard count > 0 else { return }
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
      let ready = epoll_wait(descriptor, events.baseAddress!, Int32(events.count), 0)
      for index in 0..<Int(max(0, ready)) {
        guard let held = events[index].data.ptr else { continue }
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
        remove(exchange)
        body(exchange)
      }
    }
  }

  /// Waits no longer for one.
  func remove(_ exchange: Exchange) {
    epoll_ctl(descriptor, EPOLL_CTL_DEL, exchange.descriptor, nil)
    count -= 1
  }
}

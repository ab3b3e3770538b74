// Nearly every file of these tests speaks to a server: exported, so that none has to import its client.
@_exported public import TestSupport

typealias Client = SocketClient

extension SocketClient {
  typealias Answer = HTTPAnswer
  typealias Failure = HTTPClientFailure
}

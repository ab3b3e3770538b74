/// Why a server could not be made.
public struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What could not be done.
  public enum Kind: Sendable {
    /// The host name has no address.
    case unknownHost
    /// The path of a socket file is empty or too long.
    case path
    /// Another process listens there.
    case addressInUse
    /// The system refused a socket.
    case socket
    /// libmicrohttpd refused to start.
    case daemon
  }
  /// What could not be done.
  public let kind: Kind
  /// One sentence: what failed, where, and what to do.
  public let description: String
}

import Glibc

/// A moment as RFC 3339 has it, in UTC and milliseconds.
public struct UTCTime: Sendable, CustomStringConvertible {
  private let seconds: Int
  private let nanoseconds: Int

  /// - Parameters:
  ///   - seconds: since the epoch.
  ///   - nanoseconds: of the second.
  public init(seconds: Int, nanoseconds: Int) { (self.seconds, self.nanoseconds) = (seconds, nanoseconds) }

  /// The clock's.
  public static var now: UTCTime {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UTCTime(seconds: now.tv_sec, nanoseconds: now.tv_nsec)
  }

  /// Such as 2026-11-26T18:22:40.123Z.
  public var description: String {
    var (seconds, parts) = (seconds, tm())
    gmtime_r(&seconds, &parts)
    func padded(_ number: Int32, _ count: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }
    let date = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
    let time = [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
    return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "."
      + padded(Int32(nanoseconds / 1_000_000), 3) + "Z"
  }
}

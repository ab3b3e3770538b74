import Bytes
import Glibc

/// The cores that this process may use: its affinity, and no more than its cgroup's quota, rounded up.
func availableCores() -> Int {
  // sched_getaffinity(2) is a GNU extension that Swift does not see; proc(5) has the same mask, in hexadecimal groups.
  let mask = lines(of: "/proc/self/status").first { $0.hasPrefix("Cpus_allowed:") }?.dropFirst("Cpus_allowed:".count)
  let counted = mask?.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) } ?? 0
  let affinity = counted > 0 ? counted : sysconf(Int32(_SC_NPROCESSORS_ONLN))
  guard let quota = cgroupQuota() else { return max(1, affinity) }
  return max(1, min(affinity, Int(quota.rounded(.up))))
}

/// Cores' worth of CPU time that the cgroup grants; nil: no limit.
private func cgroupQuota() -> Double? {
  // cgroup v2: "0::/path" in /proc/self/cgroup, and "QUOTA PERIOD" or "max PERIOD" in cpu.max, of it and of each parent.
  if let line = lines(of: "/proc/self/cgroup").first(where: { $0.hasPrefix("0::") }) {
    var path = String(line.dropFirst(3))
    var smallest: Double?
    while true {
      if let limit = lines(of: "/sys/fs/cgroup\(path)/cpu.max").first.flatMap(quota) {
        smallest = min(smallest ?? limit, limit)
      }
      guard let slash = path.lastIndex(of: "/") else { break }
      path = String(path[..<slash])
    }
    if let smallest { return smallest }
  }
  // cgroup v1.
  guard let quota = lines(of: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us").first.flatMap(Double.init), quota > 0,
    let period = lines(of: "/sys/fs/cgroup/cpu/cpu.cfs_period_us").first.flatMap(Double.init), period > 0
  else { return nil }
  return quota / period
}

private func quota(_ line: String) -> Double? {
  let parts = line.split(separator: " ").compactMap { Double($0) }
  return parts.count == 2 && parts[1] > 0 ? parts[0] / parts[1] : nil
}

private func lines(of path: String) -> [String] {
  let bytes = (try? SmallFile.contents(of: path, limit: 1 << 16)) ?? []
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

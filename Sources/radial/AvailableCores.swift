import Glibc

/// The cores that this process may use: its affinity, and no more than its cgroup's quota, rounded up.
func availableCores() -> Int {
  // sched_getaffinity(2) is a GNU extension that Swift does not see; proc(5) has the same mask, in hexadecimal groups.
  let mask = lines(of: "/proc/self/status").first { $0.hasPrefix("Cpus_allowed:") }?.dropFirst("Cpus_allowed:".count)
  let counted = mask?.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) } ?? 0
  let affinity = counted > 0 ? counted : sysconf(Int32(_SC_NPROCESSORS_ONLN))
  guard let quota = ControlGroup.cores else { return max(1, affinity) }
  return max(1, min(affinity, Int(quota.rounded(.up))))
}

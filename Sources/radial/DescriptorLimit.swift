import Glibc
import Logging

/// Raises the limit of open descriptors as far as it goes, and says so where that is not far enough.
/// - Parameter connections: that may be open.
func raiseDescriptorLimit(for connections: Int, _ logger: Logger) {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
  limit.rlim_cur = limit.rlim_max
  _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  // Beside the connections there are listeners, event queues and model files.
  guard limit.rlim_cur < UInt(connections + spareDescriptors) else { return }
  logger.warning(
    """
    the limit of open files is \(limit.rlim_cur), too few for --max-connections \(connections); raise it (ulimit -n \
    \(connections + spareDescriptors)) or lower that
    """)
}

private let spareDescriptors = 100

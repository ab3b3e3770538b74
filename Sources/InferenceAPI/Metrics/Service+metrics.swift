import Batching
import Bytes
import Glibc
import HTTPServer
import Models
import RadialEngine

extension Service {
  /// The answer to `GET /metrics`. accepted = answered, by code, + in flight.
  func metricsText(_ connections: ConnectionFigures) -> String {
    let values = metrics
    var text = MetricsText()
    writeRequests(values, &text)
    writeRows(values, &text)
    text.family("radial_rejections_total", "counter", "Requests refused for want of capacity, time or trust.")
    for (reason, count) in values.rejections.sorted(by: { $0.key < $1.key }) {
      text.sample("radial_rejections_total", [("reason", reason)], count)
    }
    text.family(
      "radial_idle_connections_closed_total", "counter", "Idle connections that were closed to make room for others.")
    text.sample("radial_idle_connections_closed_total", [], UInt64(connections.idleClosed))
    text.family("radial_key_requests_total", "counter", "Requests by the name of their key.")
    for (key, count) in values.keyRequests.sorted(by: { $0.key < $1.key }) {
      text.sample("radial_key_requests_total", [("key", key)], count)
    }
    text.family("radial_connections", "gauge", "Open connections.")
    text.sample("radial_connections", [], UInt64(connections.open))
    text.family("radial_log_lines_dropped_total", "counter", "Lines of the log that nobody read in time.")
    text.sample("radial_log_lines_dropped_total", [], UInt64(configuration.droppedLogLines()))
    if let counts = configuration.unknownLog?.counts {
      text.family("radial_unknown_log_rows_total", "counter", "Rows called unknown, by whether they were kept.")
      text.sample("radial_unknown_log_rows_total", [("result", "written")], UInt64(counts.written))
      text.sample("radial_unknown_log_rows_total", [("result", "dropped")], UInt64(counts.dropped))
    }
    if let expiry = configuration.certificateExpiry {
      text.family(
        "radial_tls_certificate_expiry_timestamp_seconds", "gauge", "When the certificate expires, since the epoch.")
      text.sample("radial_tls_certificate_expiry_timestamp_seconds", [], UInt64(max(0, expiry())))
    }
    text.family("radial_memory_used_bytes", "gauge", "What requests take of the memory budget.")
    text.sample("radial_memory_used_bytes", [], UInt64(max(0, memory.usedBytes)))
    text.family("radial_memory_budget_bytes", "gauge", "Memory for bodies, rows and answers of all requests.")
    text.sample("radial_memory_budget_bytes", [], UInt64(memory.limit))
    text.family("radial_ready", "gauge", "1 when /readyz answers 200.")
    text.sample("radial_ready", [], isReady ? UInt64(1) : 0)
    text.family("radial_build_info", "gauge", "The running version and instruction set.")
    text.sample(
      "radial_build_info",
      [
        ("version", configuration.version),
        ("instruction_set", configuration.instructionSet.rawValue),
      ], UInt64(1))
    writeProcess(&text)
    return text.text
  }

  private func writeRequests(_ values: MetricsValues, _ text: inout MetricsText) {
    let answered = values.answered.reduce(0) { $0 + $1.count }
    text.family("radial_requests_accepted_total", "counter", "Requests received whole, or refused before that.")
    text.sample("radial_requests_accepted_total", [], values.accepted)
    text.family("radial_requests_in_flight", "gauge", "Accepted requests that are not answered yet.")
    // Both sums are of one moment: their difference is what is in flight.
    text.sample("radial_requests_in_flight", [], values.accepted >= answered ? values.accepted - answered : 0)
    text.family(
      "radial_requests_total", "counter", "Answered requests; code 499 is a caller that left before its answer.")
    for (route, code, count) in values.answered {
      text.sample("radial_requests_total", [("route", route.text), ("code", String(code))], count)
    }
    text.family("radial_request_duration_seconds", "histogram", "From the complete header section to the answer.")
    for (route, histogram) in zip(RouteLabel.all, values.durations)
    where histogram.counts.contains(where: { $0 > 0 }) {
      text.histogram("radial_request_duration_seconds", [("route", route.text)], histogram)
    }
  }

  private func writeRows(_ values: MetricsValues, _ text: inout MetricsText) {
    // Before the counters are named, whose lists are only longer.
    let figures = registry.figures
    let counted = figures.owners.enumerated().map { index, owner in
      (
        classes: owner.labels, labels: [("model", owner.key.name), ("version", String(owner.key.version))],
        counters: index < values.models.count ? values.models[index] : ModelCounters()
      )
    }
    text.family("radial_model_loads_total", "counter", "Model files that were loaded, or could not be.")
    for (load, count) in figures.loads.sorted(by: {
      ($0.key.name, $0.key.succeeded ? 0 : 1) < ($1.key.name, $1.key.succeeded ? 0 : 1)
    }) {
      text.sample(
        "radial_model_loads_total", [("model", load.name), ("result", load.succeeded ? "success" : "failure")], count)
    }
    text.family("radial_rows_total", "counter", "Rows answered.")
    for model in counted { text.sample("radial_rows_total", model.labels, model.counters.rows) }
    text.family(
      "radial_predictions_total", "counter", "Rows by answered class and verdict; known is empty without one.")
    for model in counted {
      for (label, known, count) in model.counters.seenPredictions {
        // What is counted outlives a file: the version's next one may have fewer classes.
        let name = model.classes.flatMap { label < $0.count ? $0[label] : nil } ?? String(label)
        let labels = [("label", name), ("known", known.map(String.init) ?? "")]
        text.sample("radial_predictions_total", model.labels + labels, count)
      }
    }
    text.family("radial_nearest_distance", "histogram", "Squared distance to the prototype of the answered class.")
    for model in counted {
      text.histogram("radial_nearest_distance", model.labels, model.counters.nearestDistance)
    }
    text.family("radial_p_value", "histogram", "P-values of verdicts: flat on rows like the calibration's.")
    for model in counted where model.counters.pValues.counts.contains(where: { $0 > 0 }) {
      text.histogram("radial_p_value", model.labels, model.counters.pValues)
    }
    text.family("radial_batch_rows", "histogram", "Rows that were computed together.")
    text.histogram("radial_batch_rows", [], values.batchRows)
    text.family("radial_batches_total", "counter", "Batches, by where they ran.")
    text.sample("radial_batches_total", [("where", "inline")], values.inlineBatches)
    text.sample("radial_batches_total", [("where", "queue")], values.queuedBatches)
    text.family("radial_forward_duration_seconds", "histogram", "Time of one forward pass over a batch.")
    text.histogram("radial_forward_duration_seconds", [], values.forwardDuration)
    text.family("radial_queue_rows", "gauge", "Rows that wait for the compute queue.")
    text.sample("radial_queue_rows", [], UInt64(queue.queuedRows))
    text.family("radial_queue_seconds", "gauge", "How long the work that waits of a model will take.")
    for served in registry.catalog.all {
      let labels = [("model", served.key.name), ("version", String(served.key.version))]
      text.sample("radial_queue_seconds", labels, queuedNanoseconds(of: served) * 1e-9)
    }
    text.family("radial_queue_wait_seconds", "histogram", "Time between queueing and the start of the batch.")
    text.histogram("radial_queue_wait_seconds", [], values.queueWait)
  }

  private func writeProcess(_ text: inout MetricsText) {
    let process = ProcessFigures()
    text.family("process_cpu_seconds_total", "counter", "User and system time.")
    text.sample("process_cpu_seconds_total", [], process.cpuSeconds)
    text.family("process_resident_memory_bytes", "gauge", "Resident memory.")
    text.sample("process_resident_memory_bytes", [], process.residentBytes)
    text.family("process_virtual_memory_bytes", "gauge", "Virtual memory.")
    text.sample("process_virtual_memory_bytes", [], process.virtualBytes)
    text.family("process_open_fds", "gauge", "Open file descriptors.")
    text.sample("process_open_fds", [], process.openDescriptors)
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      text.family("process_max_fds", "gauge", "How many file descriptors may be open.")
      text.sample("process_max_fds", [], UInt64(limit.rlim_cur))
    }
    text.family("process_start_time_seconds", "gauge", "Start time since the epoch.")
    text.sample("process_start_time_seconds", [], process.startTimeSeconds)
  }
}

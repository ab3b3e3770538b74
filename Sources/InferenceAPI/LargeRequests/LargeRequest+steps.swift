import Batching
import Bytes
import HTTPServer
import JSON
import Models
import Predictions
import RadialEngine
import Synchronization

// What a large request does, step by step.

extension LargeRequest {
  // MARK: Body to rows

  /// Inflates the next piece of the body.
  func inflate() {
    guard let source else { return }
    let start = monotonicNanoseconds()
    defer { progress.withLock { $0.times.decode += monotonicNanoseconds() - start } }
    do throws(ServerRejection) {
      guard try source.body.inflatePiece() else { return proceed(Self.pieceNanoseconds) { $0.inflate() } }
    } catch {
      return end(.refused(APIError(error)))
    }
    // What it costs is known only now.
    proceed(service.transferCost.reading(source.body.bytes.count)) { $0.decode() }
  }

  /// Decodes the body, which is whole.
  func decode() {
    guard let source else { return }
    let start = monotonicNanoseconds()
    defer { progress.withLock { $0.times.decode += monotonicNanoseconds() - start } }
    do throws(APIError) {
      try decode(source)
    } catch {
      end(.refused(error))
    }
  }

  /// What a piece of a compressed body is taken to cost, for the turns: a megabyte at zlib's slower speeds.
  static let pieceNanoseconds = 2e6
  /// What a step is taken to cost that only prepares others.
  static let shortNanoseconds = 1e5

  private func decode(_ source: Source) throws(APIError) {
    // Those that waited with it to be decoded may have filled the queue meanwhile.
    guard !service.queue.isFull(for: modelID) else {
      throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served))
    }
    let body = source.body.bytes
    let target = RowBlocks(
      served.model.network, memory, maxRows: service.configuration.maxRequestRows,
      blockRows: service.configuration.maxBatchRows
    ) { self.compute([$0]) }
    let decoded: DecodedRequest
    do throws(APIError) {
      decoded = try source.decoder.decode(
        RequestReader(maxRows: service.configuration.maxRequestRows),
        RequestContent(body: body, header: source.header), served, target)
      try target.finish(rows: decoded.rows)
    } catch {
      throw target.isOutOfMemory ? .memory(of: memory) : error
    }
    self.source = nil
    (answer, rows, blocks) = (decoded.answer, decoded.rows, target.all)
    wantsEmbeddings = target.wantsEmbeddings
    try service.checkSize(of: decoded.answer, rows: rows, served)
    deadline = earlier(deadline, decoded.timeoutMicroseconds, from: caller.receivedNanoseconds)
    let isComputed = progress.withLock { progress in
      progress.isDecoded = true
      return progress.computing == 0
    }
    // As a step of its own: here the body is held yet.
    if isComputed { proceed(Self.shortNanoseconds) { $0.proceedBehindCompute() } }
  }

  // MARK: Rows to results

  /// Hands blocks to the compute queue.
  func compute(_ blocks: [RowBlocks.Block]) {
    progress.withLock { $0.computing += blocks.count }
    for (index, block) in blocks.enumerated() {
      let job = Job(
        id: UInt64(index), batch: block.batch, rows: block.rows,
        nanoseconds: served.cost.queuedNanoseconds(rows: block.rows.count), deadline: deadline,
        descriptor: caller.descriptor, metricsIndex: served.metricsIndex, completions: completions)
      _ = service.queue.submit(job, isAdmitted: true)
    }
  }

  /// Blocks have left the compute queue.
  func didCompute() {
    let jobs = completions.take()
    let isDone = progress.withLock { progress in
      for job in jobs {
        progress.computing -= 1
        progress.times.queue = max(progress.times.queue, job.waitNanoseconds)
        progress.times.forward += job.forwardNanoseconds
      }
      return !jobs.isEmpty && progress.isDecoded && progress.computing == 0
    }
    for job in jobs {
      switch job.outcome {
      case .computed: break
      case .expired: end(.refused(.deadlinePassed))
      case .disconnected: end(.disconnected)
      }
    }
    if isDone { proceedBehindCompute() }
  }

  /// All rows are decoded, and what was handed to the compute queue is back.
  private func proceedBehindCompute() {
    guard isWanted() else { return }
    guard wantsEmbeddings, !hasEmbeddings else {
      return proceed(Self.shortNanoseconds) { $0.encode() }
    }
    // The body said so behind its rows, most of which are computed: they are computed once more.
    hasEmbeddings = true
    for block in blocks where !block.batch.keepEmbeddingsAgain() {
      return end(.refused(.memory(of: block.batch.budget)))
    }
    compute(blocks)
  }

  // MARK: Results to the answer

  /// Reserves memory for the answer, and has its parts written.
  func encode() {
    guard let answer else { return }
    let start = monotonicNanoseconds()
    classifications.reserveCapacity(rows)
    let rowBytes = UnknownLog.Row.bytes(width: served.model.network.inputWidth)
    for block in blocks {
      results(of: block, block.rows).classify(
        omitsVerdict: answer.omitsVerdict, rate: answer.falseRejectRate, into: &classifications)
      if let log = service.configuration.unknownLog {
        unknown += log.unknown(
          classifications[min(block.first, classifications.count)...], block.batch.input(row: block.rows.lowerBound),
          first: block.first, of: served, taken: unknown.count * rowBytes, requestID: caller.requestID)
      }
      if ownsBlocks { block.batch.releaseInputs() }
    }
    parts = AnswerPart.all(of: answer, blocks, served)
    // Beside the parts there is what was decided on each row.
    let partBytes = parts.reduce(0) { $0 + $1.maxBytes }
    let otherBytes = rows * MemoryLayout<Classification>.stride + unknown.count * rowBytes
    if partBytes < AnswerCoding.leastBytes { coding = nil }
    let isReserved = progress.withLock { progress in
      progress.times.encode += monotonicNanoseconds() - start
      progress.written = Array(repeating: nil, count: parts.count)
      progress.unwritten = parts.count
      if coding != nil, progress.reserved.resize(to: 2 * partBytes + otherBytes, in: memory) { return true }
      // What has no room beside its compressed form is sent as it is.
      coding = nil
      return progress.reserved.resize(to: partBytes + otherBytes, in: memory)
    }
    guard isReserved else { return end(.refused(.memory(of: memory))) }
    for (index, part) in parts.enumerated() {
      proceed(service.transferCost.writing(part.maxBytes)) { $0.write(part, index) }
    }
  }

  private func write(_ part: AnswerPart, _ index: Int) {
    let start = monotonicNanoseconds()
    var written: AnswerPart.Written?
    var failure: APIError?
    do throws(APIError) {
      written = try write(part)
    } catch {
      failure = error
    }
    let isDone = progress.withLock { progress in
      progress.times.encode += monotonicNanoseconds() - start
      if let failure, failure.row ?? .max < progress.failure?.row ?? .max || progress.failure == nil {
        progress.failure = failure
      }
      progress.written[index] = written
      progress.unwritten -= 1
      return progress.unwritten == 0
    }
    if isDone { finish() }
  }

  private func write(_ part: AnswerPart) throws(APIError) -> AnswerPart.Written {
    guard let answer, let plain = ByteBuffer(trying: part.maxBytes) else { throw .noMemory }
    for piece in part.pieces {
      let results = results(of: blocks[piece.block], piece.rows)
      let rows = AnsweredRows(
        served: served, results: results,
        classifications: classifications.isEmpty ? [] : classifications[piece.first..<piece.first + results.count],
        first: piece.first, total: self.rows, whole: self)
      try answer.write(section: part.section, rows, to: plain)
    }
    var (buffer, source) = (plain, DeflatedParts.Source?.none)
    if let coding = coding {
      plain.shrink()
      source = DeflatedParts.Source(plain, coding.wrapping)
      buffer = ByteBuffer(capacity: 0)
      guard buffer.append(deflatingPart: plain, isLast: part.isLast) else { throw .noMemory }
    }
    buffer.shrink()
    let bytes = part.maxBytes * (source == nil ? 1 : 2)
    buffer.adopt(progress.withLock { $0.reserved.split(bytes) })
    return AnswerPart.Written(buffer: buffer, plainBytes: plain.count, source: source)
  }

  /// Every part is written: they are the answer.
  private func finish() {
    guard let answer else { return }
    let (written, failure) = progress.withLock { progress in
      progress.reserved.end()
      defer { progress.written = [] }
      return (progress.written.compactMap(\.self), progress.failure)
    }
    if let failure { return end(.refused(failure)) }
    let textSections = answer.textSectionCount(of: served)
    let textBytes = zip(parts, written).reduce(0) { $1.0.section < textSections ? $0 + $1.1.plainBytes : $0 }
    var head = answer.head(textBytes: textBytes, of: served)
    var buffers = written.map(\.buffer).filter { $0.count > 0 }
    if let coding = coding {
      var stream = DeflatedParts(coding.wrapping)
      for part in written { if let source = part.source { stream.add(source) } }
      buffers = [Self.buffer(stream.header)] + buffers + [Self.buffer(stream.trailer)]
      head.headers += [("Content-Encoding", coding.rawValue), ("Vary", "Accept-Encoding")]
    }
    if ownsBlocks { blocks = [] }
    service.configuration.unknownLog?.keep(unknown)
    unknown = []
    end(.answered(parts: buffers, head))
  }

  private static func buffer(_ bytes: [UInt8]) -> ByteBuffer {
    let buffer = ByteBuffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.append($0) }
    return buffer
  }

  private func results(of block: RowBlocks.Block, _ rows: Range<Int>) -> RowResults {
    RowResults(model: served.model, results: block.batch.results(row: rows.lowerBound), count: rows.count)
  }

  /// All of its rows, in parts.
  var allResults: [RowResults] { blocks.map { results(of: $0, $0.rows) } }
}

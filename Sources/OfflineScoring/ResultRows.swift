package import RadialEngine

/// One thread's results: outputs [N, O], distances [N, C], embeddings [N, K], logits [N, O].
package final class ResultRows {
  private let memory: UnsafeMutablePointer<Float>
  package let lent: Network.Results

  package init(_ network: Network, capacity: Int, keepsEmbeddings: Bool, keepsLogits: Bool = false) {
    let (o, c) = (network.outputWidth, network.distanceWidth)
    let k = keepsEmbeddings ? network.embeddingWidth : 0
    memory = .allocate(capacity: capacity * (o + c + k + (keepsLogits ? o : 0)))
    lent = Network.Results(
      outputs: memory, distances: c > 0 ? memory + capacity * o : nil,
      embeddings: k > 0 ? memory + capacity * (o + c) : nil,
      logits: keepsLogits ? memory + capacity * (o + c + k) : nil)
  }

  deinit { memory.deallocate() }

  /// Rows that stay in a core's second-level cache between being read and being computed: 2 % faster than blocks of 3 MB.
  static func blockRows(_ network: Network) -> Int {
    let bytes = 4 * max(network.inputWidth, network.outputWidth + network.distanceWidth + network.embeddingWidth)
    return min(1024, max(1, (1 << 20) / bytes))
  }
}

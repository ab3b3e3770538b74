#if canImport(Glibc)
  import Glibc
  import RadialEngine
  import Testing

  @Suite struct AllocationTests {
    /// In a process of its own that has no memory left, where any allocation is the end.
    @Test func forwardNeedsNoMemory() async {
      await #expect(processExitsWith: .success) {
        let network = try everyStep(inputs: 37, hidden: 70, units: 10, seed: 1)
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 130 * 200)
        memory.initialize(repeating: 0.5, count: 130 * 200)
        let results = Network.Results(
          outputs: memory + 130 * 40, distances: memory + 130 * 60, embeddings: memory + 130 * 80)
        let workspace = network.makeWorkspace()
        // What is resolved once, at first use, is not part of the steady state.
        network.forward(memory, rows: 130, into: results, workspace: workspace)
        exhaustMemory()
        // Written out: an array of the sizes would be an allocation.
        network.forward(memory, rows: 1, into: results, workspace: workspace)
        network.forward(memory, rows: 7, into: results, workspace: workspace)
        network.forward(memory, rows: 48, into: results, workspace: workspace)
        network.forward(memory, rows: 130, into: results, workspace: workspace)
        _exit(0)
      }
    }

    /// What the test above rests on: the process without memory itself is no failure.
    @Test func aProcessWithoutMemoryLivesOn() async {
      await #expect(processExitsWith: .success) {
        exhaustMemory()
        _exit(0)
      }
    }

    /// The test above can fail: an allocation, even of a few bytes freed at once, ends such a process.
    @Test func anAllocationWithoutMemoryIsTheEnd() async {
      await #expect(processExitsWith: .failure) {
        exhaustMemory()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 24, alignment: 8)
        memory.deallocate()
        _exit(0)
      }
    }
  }

  /// Forbids the process to grow, then takes all that the allocator still has.
  private func exhaustMemory() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    var size = 1 << 26
    while size >= 2048 {
      while take(size) {}
      size /= 2
    }
    // Each of the allocator's small sizes has a list of its own.
    size = 2048
    while size > 0 {
      while take(size) {}
      size -= 8
    }
  }

  /// Not inlined and by way of its bits: the optimiser takes an unused allocation for one that succeeds.
  @inline(never) @_optimize(none)
  private func take(_ size: Int) -> Bool {
    UInt(bitPattern: malloc(size)) != 0
  }
#endif

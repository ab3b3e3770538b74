import Foundation
import Testing

/// What a server costs that nobody asks for anything.
@Suite struct IdleTests {
  /// How often each thread has gone to sleep by itself, by its ID (proc(5), `voluntary_ctxt_switches`).
  private func sleeps(of process: Int32) throws -> [Int32: Int] {
    let folder = "/proc/\(process)/task"
    var sleeps: [Int32: Int] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      // A thread may end between the listing and the look.
      guard let status = try? String(contentsOfFile: "\(folder)/\(name)/status", encoding: .utf8),
        let match = status.firstMatch(of: /\nvoluntary_ctxt_switches:\s*([0-9]+)/)
      else { continue }
      sleeps[try #require(Int32(name))] = Int(match.1)
    }
    return sleeps
  }

  @Test(.timeLimit(.minutes(1))) func `looks that find no change wake no other thread than the one that looks`() throws
  {
    let directory = try ReloadTests.ModelsDirectory()
    try directory.add(version: 1, ReloadTests.ModelsDirectory.weights(variant: 0))
    let server = try RunningServer(
      ["--models-dir", directory.path, "--models-scan-interval", "0.05", "--threads", "3"], model: nil)
    let main = server.processIdentifier
    func looks() throws -> Int { try #require(sleeps(of: main)[main]) }
    func wait(forLooks count: Int) throws {
      let start = try looks()
      while try looks() < start + count { sched_yield() }
    }
    // The threads that start-up needed go to sleep for good.
    try wait(forLooks: 5)
    let before = try sleeps(of: main)
    try wait(forLooks: 30)
    let after = try sleeps(of: main)
    let others = after.filter { $0.key != main }.map { $0.value - (before[$0.key] ?? 0) }
    #expect(others.count >= 3, "the reactors")
    // Were each look told to the reactors, this would be 90. Dispatch ends idle threads of its own.
    #expect(others.reduce(0, +) < 15, "\(others)")
  }
}

import Dispatch
import Foundation
import Logging
import Models
import Synchronization
import TestSupport
import Testing

@testable import InferenceAPI

/// The registry over real files, in this process.
@Suite(.timeLimit(.minutes(2))) struct ModelRegistryTests {
  @Test func `looks that find no change publish nothing and tell nobody`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    try fixture.damage(version: 2)
    let notices = Mutex(0)
    let subscription = fixture.registry.subscribe { notices.withLock { $0 += 1 } }
    let changes = fixture.registry.loadAll()
    #expect(changes.loaded.map(\.short) == ["m/1"] && changes.failed.keys.map(\.short) == ["m/2"])
    #expect(fixture.generation == 1 && notices.withLock { $0 } == 1)
    for _ in 0..<5 { fixture.registry.lookForChanges() }
    fixture.registry.lookAgain()
    // On the same queue, so that those before are over.
    #expect(fixture.registry.loadAll().failed.keys.map(\.short) == ["m/2"])
    #expect(fixture.generation == 1 && withExtendedLifetime(subscription) { notices.withLock { $0 } } == 1)
    #expect(fixture.begun.withLock { $0 }.filter { $0 == "m/1" }.count == 1, "what is served is loaded once")
  }

  @Test func `a change is loaded in the background and told to everyone who subscribed and still does`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    _ = fixture.registry.loadAll()
    let kept = Mutex(0)
    let ended = Mutex(0)
    let subscription = fixture.registry.subscribe { kept.withLock { $0 += 1 } }
    _ = fixture.registry.subscribe { ended.withLock { $0 += 1 } }
    try fixture.awaitPublication {
      try fixture.add(version: 2)
      fixture.registry.lookForChanges()
    }
    #expect(fixture.served == ["m/1", "m/2"])
    try fixture.awaitPublication {
      try fixture.remove(version: 1)
      fixture.registry.lookForChanges()
    }
    #expect(fixture.served == ["m/2"])
    #expect(withExtendedLifetime(subscription) { kept.withLock { $0 } } == 2 && ended.withLock { $0 } == 0)
    #expect(fixture.log.messages(.notice) == ["model loaded", "model loaded", "model removed"])
  }

  @Test func `nothing but a request to load waits for a load that is under way`() throws {
    let fixture = try RegistryFixture(versions: 1...1, allowsUnload: true)
    _ = fixture.registry.loadAll()
    try fixture.add(model: "a", version: 1)
    try fixture.add(version: 2)
    fixture.stop(at: "m/2")
    fixture.registry.lookForChanges()
    fixture.didStop.wait()
    // Each of these would never return, and the test not end, if it waited.
    #expect(fixture.served == ["m/1"])
    #expect(fixture.registry.models.count == 1)
    #expect(!fixture.registry.figures.loads.isEmpty)
    fixture.registry.lookForChanges()
    fixture.registry.lookAgain()
    let isAnswered = Mutex(false)
    let answered = DispatchSemaphore(value: 0)
    withExtendedLifetime(isAnswered) {
      fixture.registry.load("a") { outcome in
        isAnswered.withLock { $0 = outcome == .done }
        answered.signal()
      }
    }
    #expect(fixture.registry.unload("m") == .done)
    #expect(fixture.served.isEmpty)
    #expect(!isAnswered.withLock { $0 })
    fixture.proceed.signal()
    answered.wait()
    #expect(isAnswered.withLock { $0 })
    // What was unloaded while it was loaded is not served.
    #expect(fixture.served == ["a/1"])
  }

  @Test func `requests to load that come while a look is under way share the next one`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    _ = fixture.registry.loadAll()
    try fixture.damage(version: 2)
    try fixture.add(version: 3)
    fixture.stop(at: "m/3")
    fixture.registry.lookForChanges()
    fixture.didStop.wait()
    let answered = DispatchSemaphore(value: 0)
    for _ in 0..<50 { fixture.registry.load("m") { _ in answered.signal() } }
    fixture.proceed.signal()
    for _ in 0..<50 { answered.wait() }
    // What could not be loaded is tried again: once at the change, and once for all of them.
    #expect(fixture.begun.withLock { $0.count { $0 == "m/2" } } == 2)
  }

  @Test func `a request to load is answered once the model is served`() throws {
    let fixture = try RegistryFixture(versions: 1...1, allowsUnload: true)
    _ = fixture.registry.loadAll()
    #expect(fixture.registry.unload("m") == .done && fixture.served.isEmpty)
    #expect(fixture.registry.unload("m") == .unknown(served: []))
    #expect(fixture.load("m") == .done && fixture.served == ["m/1"])
    #expect(fixture.load("nobody") == .unknown(served: ["m"]))
    try fixture.damage(version: 2)
    guard case .failed(let sentence) = fixture.load("m") else {
      Issue.record("a damaged version was loaded")
      return
    }
    #expect(sentence.hasPrefix("model.safetensors: "))
    #expect(fixture.served == ["m/1"])
    let figures = fixture.registry.figures
    #expect(figures.loads[.init(name: "m", succeeded: true)] == 2)
    #expect(figures.loads[.init(name: "m", succeeded: false)] == 1)
    #expect(figures.owners.map(\.key.short) == ["m/1"], "counters outlive their model")
  }

  @Test func `a model is unloaded only where that is allowed`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    _ = fixture.registry.loadAll()
    #expect(fixture.registry.unload("m") == .refused(advice: "do not"))
    #expect(fixture.registry.unload("n") == .unknown(served: ["m"]))
    #expect(fixture.served == ["m/1"] && fixture.generation == 1)
  }

  @Test func `a frozen registry drops nothing, and loads what it is asked for`() throws {
    let fixture = try RegistryFixture(versions: 1...2)
    _ = fixture.registry.loadAll()
    fixture.registry.freeze()
    try fixture.remove(version: 1)
    try fixture.add(version: 3)
    fixture.registry.lookForChanges()
    fixture.registry.lookAgain()
    _ = fixture.registry.loadAll()
    #expect(fixture.served == ["m/1", "m/2"] && fixture.generation == 1)
    #expect(fixture.load("m") == .done && fixture.served == ["m/2", "m/3"])
  }

  @Test func `a look that is under way when the registry is frozen drops nothing either`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    _ = fixture.registry.loadAll()
    try fixture.add(version: 2)
    try fixture.remove(version: 1)
    fixture.stop(at: "m/2")
    fixture.registry.lookForChanges()
    fixture.didStop.wait()
    fixture.registry.freeze()
    fixture.proceed.signal()
    _ = fixture.registry.loadAll()
    #expect(fixture.served == ["m/1"])
  }

  @Test func `what was named one by one stays served when it vanishes, and is reported`() throws {
    let fixture = try RegistryFixture(versions: 1...1, named: true)
    _ = fixture.registry.loadAll()
    try fixture.awaitPublication {
      try FileManager.default.removeItem(atPath: fixture.folder + "/m")
      fixture.registry.lookForChanges()
    }
    #expect(fixture.served == ["m/1"])
    #expect(fixture.registry.catalog.failures.keys.map(\.short) == ["m/1"])
  }

  @Test func `a model file beside the folders of versions is no version, and that is said once`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    func sentences() -> [String] { fixture.log.messages(.warning).filter { $0.contains("is not served") } }
    let other = fixture.folder + "/other"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    for name in ["m", "other"] {
      try FileManager.default.copyItem(
        atPath: fixture.folder + "/m/1/model.safetensors", toPath: "\(fixture.folder)/\(name)/net.safetensors")
    }
    _ = fixture.registry.loadAll()
    #expect(fixture.served == ["m/1"] && sentences().count == 1)
    #expect(sentences().first?.contains("other/net.safetensors is not served") == true)
    #expect(sentences().first?.hasSuffix("other/1/model.safetensors") == true)
    try fixture.awaitPublication {
      try fixture.add(version: 2)
      fixture.registry.lookForChanges()
    }
    #expect(fixture.served == ["m/1", "m/2"] && sentences().count == 1)
    try fixture.awaitPublication {
      try fixture.add(model: "other", version: 1)
      fixture.registry.lookForChanges()
    }
    _ = fixture.load("other")
    #expect(fixture.served == ["m/1", "m/2", "other/1"] && sentences().count == 1)
  }

  @Test func `a directory that cannot be read is reported once, and again when somebody asks`() throws {
    let fixture = try RegistryFixture(versions: 1...1)
    _ = fixture.registry.loadAll()
    try FileManager.default.moveItem(atPath: fixture.folder, toPath: fixture.folder + ".away")
    defer { try? FileManager.default.removeItem(atPath: fixture.folder + ".away") }
    func complaints() -> Int {
      fixture.log.messages(.error).filter { $0.contains("the models directory cannot be read") }.count
    }
    fixture.awaitPublication { fixture.registry.lookForChanges() }
    #expect(complaints() == 1 && fixture.served == ["m/1"])
    for _ in 0..<3 { fixture.registry.lookForChanges() }
    #expect(complaints() == 1)
    _ = fixture.load("m")
    #expect(complaints() == 2 && fixture.served == ["m/1"])
  }
}

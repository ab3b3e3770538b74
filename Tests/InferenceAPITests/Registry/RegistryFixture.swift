import Dispatch
import Foundation
import Logging
import Models
import Synchronization
import TestSupport

@testable import InferenceAPI

/// A registry over a folder of models that is removed with it.
final class RegistryFixture: Sendable {
  let folder: String
  let registry: ModelRegistry
  let log: RecordedLog
  /// Names of versions whose loading was begun, `m/2`, in order.
  let begun = Mutex<[String]>([])
  /// Versions at which loading stops until `proceed` is signalled; `didStop` is signalled then.
  private let stops: Mutex<Set<String>>
  let didStop = DispatchSemaphore(value: 0)
  let proceed = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - versions: of model `m` that are there from the start.
  ///   - named: whether `m` is named by its path, and not by the folder that it is in.
  init(versions: ClosedRange<Int>? = nil, named: Bool = false, allowsUnload: Bool = false) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder + "/m", withIntermediateDirectories: true)
    self.folder = folder
    var configuration = ModelRegistry.Configuration()
    if named { configuration.files = [(folder + "/m", nil)] } else { configuration.directory = folder }
    configuration.unloading = allowsUnload ? .allowed : .refused(advice: "do not")
    let log = RecordedLog()
    self.log = log
    let hooks = Hooks()
    registry = ModelRegistry(
      configuration, logger: log.logger
    ) { source throws(ModelError) in
      hooks.willLoad.withLock { $0 }?(source.key.short)
      return try Model.load(source)
    }
    stops = Mutex([])
    hooks.willLoad.withLock { $0 = { [weak self] in self?.willLoad($0) } }
    for version in versions.map(Array.init) ?? [] { try add(version: version) }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private final class Hooks: Sendable {
    let willLoad = Mutex<(@Sendable (String) -> Void)?>(nil)
  }

  private func willLoad(_ version: String) {
    begun.withLock { $0.append(version) }
    if stops.withLock({ $0.remove(version) }) != nil {
      didStop.signal()
      proceed.wait()
    }
  }

  /// The next loading of `version`, `m/2`, stops before it reads the file.
  func stop(at version: String) { stops.withLock { _ = $0.insert(version) } }

  /// A network of 100 inputs, renamed into place.
  func add(model: String = "m", version: Int) throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("ModelsTests/Golden/seed_example/weights.safetensors")
    let temporary = "\(folder)/\(model)/\(version).tmp"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: golden.path, toPath: temporary + "/model.safetensors")
    try FileManager.default.moveItem(atPath: temporary, toPath: "\(folder)/\(model)/\(version)")
  }

  /// Something that is no model, in the place of one.
  func damage(version: Int) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/m/\(version)", withIntermediateDirectories: true)
    try Data("not a model".utf8).write(to: URL(fileURLWithPath: "\(folder)/m/\(version)/model.safetensors"))
  }

  func remove(version: Int) throws { try FileManager.default.removeItem(atPath: "\(folder)/m/\(version)") }

  /// `NAME/VERSION` of everything that is served.
  var served: [String] { registry.catalog.all.map(\.key.short) }

  var generation: UInt64 { registry.generation.load(ordering: .acquiring) }

  /// Calls `body` and waits until a catalog was published.
  func awaitPublication(_ body: () throws -> Void) rethrows {
    let published = DispatchSemaphore(value: 0)
    let subscription = registry.subscribe { published.signal() }
    try withExtendedLifetime(subscription) {
      try body()
      published.wait()
    }
  }

  /// Asks for a model and waits for the answer.
  func load(_ name: String) -> ModelRegistry.RequestOutcome? {
    let done = DispatchSemaphore(value: 0)
    let outcome = Mutex<ModelRegistry.RequestOutcome?>(nil)
    withExtendedLifetime(outcome) {
      registry.load(name) { found in
        outcome.withLock { $0 = found }
        done.signal()
      }
      done.wait()
    }
    return outcome.withLock { $0 }
  }
}

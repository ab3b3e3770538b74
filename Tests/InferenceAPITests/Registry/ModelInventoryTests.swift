import Models
import Testing

@testable import InferenceAPI

/// What is loaded, dropped and reported, by what the files say: tables of looks, without files.
@Suite struct ModelInventoryTests {
  typealias Inventory = ModelInventory<FakeSource, Int>

  /// One thing that happens to an inventory, and what must come of it. Models are the fingerprints of their files.
  struct Step: Sendable {
    enum Event: Sendable {
      /// A look finds these files; loading succeeds but for the fingerprints in `bad`.
      case look([FakeSource], bad: Set<Int> = [], retries: Bool = false)
      case unload(String)
      case restore(String)
    }

    var event: Event
    /// `NAME/VERSION` of what is loaded, in order.
    var loads: [String] = []
    /// `NAME/VERSION` and the model that serves it, afterwards.
    var served: [String: Int]
    /// `NAME/VERSION` of what is reported as failed, afterwards.
    var failed: Set<String> = []
    /// Whether a catalog is published.
    var publishes: Bool
  }

  /// One inventory's story.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let steps: [Step]

    init(_ title: String, _ steps: [Step]) { (testDescription, self.steps) = (title, steps) }
  }

  static let m1 = FakeSource("m", 1, 10)
  static let cases = [
    Case(
      "what is new is loaded, once",
      [
        Step(event: .look([m1]), loads: ["m/1"], served: ["m/1": 10], publishes: true),
        Step(event: .look([m1]), served: ["m/1": 10], publishes: false),
        Step(event: .look([m1], retries: true), served: ["m/1": 10], publishes: false),
        Step(
          event: .look([m1, FakeSource("m", 2, 20)]), loads: ["m/2"], served: ["m/1": 10, "m/2": 20], publishes: true),
      ]
    ),
    Case(
      "what has changed is loaded again, what is gone is dropped",
      [
        Step(
          event: .look([m1, FakeSource("a", 1, 5)]), loads: ["m/1", "a/1"], served: ["m/1": 10, "a/1": 5],
          publishes: true),
        Step(
          event: .look([FakeSource("m", 1, 11), FakeSource("a", 1, 5)]), loads: ["m/1"],
          served: ["m/1": 11, "a/1": 5], publishes: true),
        Step(event: .look([FakeSource("a", 1, 5)]), served: ["a/1": 5], publishes: true),
        Step(event: .look([]), served: [:], publishes: true),
        Step(event: .look([]), served: [:], publishes: false),
      ]
    ),
    Case(
      "a failure is reported, and tried again when the files change or somebody asks",
      [
        Step(event: .look([m1], bad: [10]), loads: ["m/1"], served: [:], failed: ["m/1"], publishes: true),
        Step(event: .look([m1]), served: [:], failed: ["m/1"], publishes: false),
        Step(
          event: .look([m1], bad: [10], retries: true), loads: ["m/1"], served: [:], failed: ["m/1"], publishes: false),
        Step(
          event: .look([FakeSource("m", 1, 11)], bad: [11]), loads: ["m/1"], served: [:], failed: ["m/1"],
          publishes: true),
        Step(
          event: .look([FakeSource("m", 1, 11)], retries: true), loads: ["m/1"], served: ["m/1": 11], publishes: true),
        Step(
          event: .look([FakeSource("m", 2, 20)], bad: [20]), loads: ["m/2"], served: [:], failed: ["m/2"],
          publishes: true),
        Step(event: .look([]), served: [:], publishes: true),
      ]
    ),
    Case(
      "what serves goes on serving when its files are damaged, and is not loaded again when they come back",
      [
        Step(event: .look([m1]), loads: ["m/1"], served: ["m/1": 10], publishes: true),
        Step(
          event: .look([FakeSource("m", 1, 11)], bad: [11]), loads: ["m/1"], served: ["m/1": 10], failed: ["m/1"],
          publishes: true),
        Step(event: .look([FakeSource("m", 1, 11)]), served: ["m/1": 10], failed: ["m/1"], publishes: false),
        Step(event: .look([m1]), served: ["m/1": 10], publishes: true),
      ]
    ),
    Case(
      "files that cannot be looked at are tried, and what serves goes on serving",
      [
        Step(event: .look([m1]), loads: ["m/1"], served: ["m/1": 10], publishes: true),
        Step(
          event: .look([FakeSource("m", 1, nil)]), loads: ["m/1"], served: ["m/1": 10], failed: ["m/1"],
          publishes: true),
        Step(event: .look([FakeSource("m", 1, nil)]), served: ["m/1": 10], failed: ["m/1"], publishes: false),
        Step(event: .look([m1]), served: ["m/1": 10], publishes: true),
      ]
    ),
    Case(
      "an unloaded model stays away, whatever its files say, until it is restored",
      [
        Step(
          event: .look([m1, FakeSource("m", 2, 20), FakeSource("a", 1, 5)]), loads: ["m/1", "m/2", "a/1"],
          served: ["m/1": 10, "m/2": 20, "a/1": 5], publishes: true),
        Step(event: .unload("m"), served: ["a/1": 5], publishes: true),
        Step(event: .look([FakeSource("m", 1, 11), FakeSource("a", 1, 5)]), served: ["a/1": 5], publishes: false),
        Step(
          event: .look([FakeSource("m", 1, 11), FakeSource("a", 1, 5)], retries: true), served: ["a/1": 5],
          publishes: false),
        Step(event: .restore("m"), served: ["a/1": 5], publishes: false),
        Step(
          event: .look([FakeSource("m", 1, 11), FakeSource("a", 1, 5)]), loads: ["m/1"],
          served: ["m/1": 11, "a/1": 5], publishes: true),
      ]
    ),
    Case(
      "an unloaded model takes its failures along",
      [
        Step(
          event: .look([m1, FakeSource("m", 2, 20)], bad: [20]), loads: ["m/1", "m/2"], served: ["m/1": 10],
          failed: ["m/2"], publishes: true),
        Step(event: .unload("m"), served: [:], publishes: true),
        Step(event: .look([m1, FakeSource("m", 2, 20)]), served: [:], publishes: false),
      ]
    ),
  ]

  @Test(arguments: cases) func `looks and requests`(_ story: Case) {
    var inventory = Inventory()
    for (index, step) in story.steps.enumerated() {
      let place = "\(story.testDescription), step \(index)"
      let (loads, changes) = Self.perform(step.event, on: &inventory)
      #expect(loads.map(\.key.short) == step.loads, "\(place)")
      #expect(inventory.served.mapKeys(\.short) == step.served, "\(place)")
      #expect(Set(inventory.sentences.keys.map(\.short)) == step.failed, "\(place)")
      #expect(changes.needPublishing == step.publishes, "\(place)")
    }
  }

  private static func perform(
    _ event: Step.Event, on inventory: inout Inventory
  ) -> (loads: [FakeSource], changes: ModelChanges) {
    switch event {
    case .look(let sources, let bad, let retries):
      let loads = inventory.versionsToLoad(of: sources, retriesFailures: retries)
      return (loads, inventory.apply(outcomes(of: loads, bad: bad), of: sources))
    case .unload(let name): return ([], inventory.unload(name))
    case .restore(let name):
      inventory.restore(name)
      return ([], ModelChanges())
    }
  }

  /// Files that are not there cannot be loaded either.
  private static func outcomes(
    of loads: [FakeSource], bad: Set<Int> = []
  ) -> [ModelSource.Key: LoadOutcome<Int>] {
    Dictionary(
      uniqueKeysWithValues: loads.map { source in
        guard let model = source.fingerprint, !bad.contains(model) else {
          return (source.key, .failed("/no", told: "no model in \(source.fingerprint ?? 0)"))
        }
        return (source.key, .loaded(model))
      })
  }

  @Test func `a model that is unloaded while it is being loaded is not served`() {
    var inventory = Inventory()
    let sources = [Self.m1, FakeSource("a", 1, 5)]
    let outcomes = Self.outcomes(of: inventory.versionsToLoad(of: sources, retriesFailures: true))
    _ = inventory.unload("m")
    let changes = inventory.apply(outcomes, of: sources)
    #expect(inventory.served.mapKeys(\.short) == ["a/1": 5])
    #expect(changes.loaded.map(\.short) == ["a/1"] && changes.removed.isEmpty)
  }

  @Test func `changes name what was loaded, removed and failed`() {
    var inventory = Inventory()
    let before = [Self.m1, FakeSource("m", 2, 20), FakeSource("a", 1, 5)]
    _ = inventory.apply(Self.outcomes(of: before), of: before)
    let after = [FakeSource("m", 2, 21), FakeSource("b", 1, 7)]
    let changes = inventory.apply(Self.outcomes(of: after, bad: [7]), of: after)
    #expect(changes.loaded.map(\.short) == ["m/2"])
    #expect(changes.removed.map(\.short) == ["a/1", "m/1"])
    #expect(changes.failed.mapKeys(\.short) == ["b/1": "/no"])
    #expect(inventory.unload("m").removed.map(\.short) == ["m/2"])
  }
}

extension Dictionary {
  /// - Parameter key: tells all keys apart.
  fileprivate func mapKeys<Other>(_ key: (Key) -> Other) -> [Other: Value] {
    [Other: Value](uniqueKeysWithValues: map { (key($0.key), $0.value) })
  }
}

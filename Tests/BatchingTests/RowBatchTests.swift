import Bytes
import RadialEngine
import Testing

@testable import Batching

/// What a batch holds for whom.
@Suite struct RowBatchTests {
  private func network() throws -> Network {
    try Network(
      inputWidth: 2,
      layers: [
        .rbf(
          RBF(
            name: "rbf", inputs: 2, units: 1, centers: [1, 1], centersLayout: .unitsFeatures, scale: .scalar(1),
            output: .distance))
      ])
  }

  private func append(_ rows: [Float], to batch: RowBatch) throws -> Range<Int> {
    let places = try #require(batch.reserve(rows.count / 2))
    places.update(from: rows, count: rows.count)
    return try #require(batch.append(rows.count / 2))
  }

  @Test func `who wanted embeddings and was refused leaves the others' results where there is room for them`() throws {
    let batch = RowBatch(network: try network())
    let rows = try append([0, 0, 1, 2], to: batch)
    // A request in the same turn whose rows were decoded, and then were too many.
    _ = batch.reserve(3)
    batch.keepsEmbeddings = true
    #expect(batch.results(row: 0).embeddings == nil)
    // Somebody else's rows are taken in with them, and all are there.
    let others = try append([1, 1], to: batch)
    let embeddings = try #require(batch.results(row: 0).embeddings)
    let first = batch.results(row: 0).outputs
    #expect(rows == 0..<2 && others == 2..<3 && embeddings >= first + 6)
    batch.clear()
    _ = try append([0, 0], to: batch)
    #expect(batch.results(row: 0).embeddings == nil, "nobody wants them any more")
  }

  @Test func `what does not fit changes nothing, and what rows take is known`() throws {
    let budget = MemoryBudget(limit: 100)
    let batch = RowBatch(network: try network(), budget: budget)
    // Two inputs, an output and a distance of four bytes each.
    #expect(batch.bytes(ofRows: 5) == 80 && batch.reserve(13) == nil && budget.usedBytes == 0)
    _ = try append([0, 0, 1, 1], to: batch)
    #expect(budget.usedBytes == 32 && batch.reserve(20) == nil && batch.count == 2)
  }
}

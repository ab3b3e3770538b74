import Testing

@testable import Batching

@Suite struct InlinePolicyTests {
  let policy = InlinePolicy(budgetNanoseconds: 1_000_000)

  @Test(arguments: [(999_999.0, 1, true), (1_000_001.0, 1, false), (1_000_001.0, 100, true), (5_000_000.0, 100, false)])
  func `work runs inline within the budget, or when hops would cost more`(cost: Double, requests: Int, isInline: Bool) {
    #expect(policy.runsInline(nanoseconds: cost, requests: requests) == isInline)
  }

  @Test func `without a budget everything goes to the queue`() {
    #expect(!InlinePolicy(budgetNanoseconds: 0).runsInline(nanoseconds: 1, requests: 1000))
  }

  @Test func `cost grows linearly from one row to a full batch and never falls`() {
    let cost = CostModel(oneRowNanoseconds: 10, fullBatchNanoseconds: 73, fullBatchRows: 64)
    #expect(cost.nanoseconds(rows: 0) == 0)
    #expect(cost.nanoseconds(rows: 1) == 10)
    #expect(cost.nanoseconds(rows: 64) == 73)
    #expect(cost.nanoseconds(rows: 127) == 136)
    let odd = CostModel(oneRowNanoseconds: 10, fullBatchNanoseconds: 5, fullBatchRows: 64)
    #expect(odd.nanoseconds(rows: 64) == 10)
  }
}

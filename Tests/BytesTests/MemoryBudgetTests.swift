import Dispatch
import Testing

@testable import Bytes

@Suite struct MemoryBudgetTests {
  @Test func `what does not fit is refused, and takes nothing`() {
    let budget = MemoryBudget(limit: 100)
    #expect(budget.take(60) && !budget.take(41) && budget.usedBytes == 60 && budget.take(40))
    budget.giveBack(100)
    #expect(budget.usedBytes == 0 && budget.take(100))
  }

  @Test func `a share is taken from the whole, and bounded by both`() {
    let whole = MemoryBudget(limit: 100)
    let (one, other) = (MemoryBudget(limit: 50, within: whole), MemoryBudget(limit: 60, within: whole))
    #expect(one.take(50) && !one.take(1) && !other.take(51) && other.take(50))
    #expect(whole.usedBytes == 100 && other.usedBytes == 50 && !whole.take(1))
    one.giveBack(50)
    #expect(whole.usedBytes == 50)
  }

  @Test func `one owner is told whether what it was refused would fit if nobody else took anything`() {
    let whole = MemoryBudget(limit: 100)
    let (one, other) = (MemoryBudget(ofOneWithin: whole), MemoryBudget(limit: 60, within: whole))
    #expect(other.take(60) && one.take(30) && !one.take(20) && !one.wasExceeded)
    #expect(!one.take(71) && one.wasExceeded && one.usedBytes == 30 && whole.usedBytes == 90)
    #expect(one.take(10) && !one.wasExceeded)
    let rest = MemoryBudget(ofOneWithin: whole, holding: 40)
    #expect(!rest.take(61) && rest.wasExceeded)
    #expect(!other.take(61) && !other.wasExceeded, "of several owners nobody knows")
  }

  @Test func `a charge is given back when it ends, whatever happened to it`() {
    let (budget, other) = (MemoryBudget(limit: 100), MemoryBudget(limit: 10))
    do {
      var charge = MemoryCharge()
      #expect(charge.resize(to: 80, in: budget) && !charge.resize(to: 101, in: budget) && charge.bytes == 80)
      #expect(charge.resize(to: 20, in: budget) && budget.usedBytes == 20)
      #expect(!charge.resize(to: 11, in: other) && budget.usedBytes == 20)
      #expect(charge.resize(to: 10, in: other) && budget.usedBytes == 0 && other.usedBytes == 10)
      let part = charge.split(4)
      #expect(part.bytes == 4 && charge.bytes == 6 && other.usedBytes == 10)
      charge.end()
      #expect(other.usedBytes == 4)
    }
    #expect(other.usedBytes == 0)
  }

  @Test func `threads never take more than there is, and give back all of it`() {
    let whole = MemoryBudget(limit: 1000)
    let shares = (0..<4).map { _ in MemoryBudget(limit: 500, within: whole) }
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for round in 0..<20_000 {
        let bytes = (round * 37 + thread) % 300
        guard shares[thread].take(bytes) else { continue }
        #expect(whole.usedBytes <= 1000 + 4 * 300)
        shares[thread].giveBack(bytes)
      }
    }
    #expect(whole.usedBytes == 0 && shares.allSatisfy { $0.usedBytes == 0 })
  }

  @Test func `a buffer is counted until it is recycled or freed`() {
    let budget = MemoryBudget(limit: 1 << 20)
    let pool = ByteBufferPool()
    let pooled = pool.take(minimumCapacity: 10_000)
    #expect(pooled.charge(to: budget) && budget.usedBytes == pooled.capacity)
    pooled.recycle()
    #expect(budget.usedBytes == 0)
    do {
      let large = ByteBuffer(trying: 500_000)!
      #expect(large.charge(to: budget) && budget.usedBytes == 500_000)
      large.append("text")
      large.shrink()
      #expect(
        budget.usedBytes == large.count
          && String(decoding: UnsafeRawBufferPointer(start: large.pointer, count: 4), as: UTF8.self) == "text")
      #expect(ByteBuffer(trying: 2 << 20)!.charge(to: budget) == false)
    }
    #expect(budget.usedBytes == 0)
    #expect(ByteBuffer(trying: 1 << 60) == nil)
  }

  @Test func `buffers that nobody needs are freed after a second look`() {
    let pool = ByteBufferPool()
    let buffers = (0..<4).map { _ in pool.take(minimumCapacity: 100) }
    for buffer in buffers { buffer.recycle() }
    #expect(pool.trim())
    pool.take(minimumCapacity: 100).recycle()
    #expect(pool.trim() && !pool.trim())
  }
}

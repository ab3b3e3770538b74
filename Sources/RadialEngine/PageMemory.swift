internal import Glibc

/// Zeroed memory of whole pages, in huge ones (2 MiB) where the kernel grants them: a large matrix in pages of 4 KiB costs a fault each
/// when it is written, and misses of the page table whenever it is walked (Linux, Documentation/admin-guide/mm/transhuge.rst).
///
/// `@unchecked Sendable`: it is freed once, by its owner.
public struct PageMemory: @unchecked Sendable {
  /// At a boundary of 2 MiB.
  public let start: UnsafeMutableRawPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int

  private static let hugePage = 2 << 20

  /// nil: there is no such memory.
  public init?(byteCount: Int) {
    let (bytes, overflow) = byteCount.addingReportingOverflow(2 * Self.hugePage)
    guard !overflow,
      let mapping = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapping != MAP_FAILED
    else { return nil }
    (self.mapping, mappedBytes) = (mapping, bytes)
    start = mapping.alignedUp(toMultipleOf: Self.hugePage)
    // Refused where the kernel has no huge pages: then it is memory like any other.
    madvise(start, (byteCount + Self.hugePage - 1) / Self.hugePage * Self.hugePage, MADV_HUGEPAGE)
  }

  /// Gives it back.
  public func free() { munmap(mapping, mappedBytes) }

  /// Asks for huge pages where memory that was allocated otherwise, and has not been touched, holds whole ones.
  public static func advise(_ memory: UnsafeMutableRawBufferPointer) {
    guard let start = memory.baseAddress, memory.count >= 2 * hugePage else { return }
    let first = start.alignedUp(toMultipleOf: hugePage)
    let bytes = (start + memory.count - first) / hugePage * hugePage
    madvise(first, bytes, MADV_HUGEPAGE)
  }
}

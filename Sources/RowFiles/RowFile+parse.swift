extension RowFile {
  /// Reads the rows of a block that `cut` filled; what is no good row becomes one of its problems. Any thread.
  public func parse(_ block: RowBlock) {
    block.carriedTexts.columns = carried.count
    if let layout {
      parse(block, layout)
    } else {
      for index in 0..<block.cutRows {
        parse(block, line: index)
        if block.problems.last?.endsFile == true { break }
      }
    }
  }

  private func parse(_ block: RowBlock, _ layout: ArrayLayout) {
    guard layout.columns != nil else {
      block.isInPlace = layout.element.isNative
      for index in 0..<block.cutRows { parse(block, layout, index, block.bytes + index * layout.rowBytes) }
      return
    }
    withUnsafeTemporaryAllocation(byteCount: max(1, layout.rowBytes), alignment: 8) { row in
      guard let row = row.baseAddress else { return }
      for index in 0..<block.cutRows {
        layout.gather(row: index, of: block.bytes, count: block.cutRows, into: row)
        parse(block, layout, index, row)
      }
    }
  }

  private func parse(_ block: RowBlock, _ layout: ArrayLayout, _ index: Int, _ source: UnsafeRawPointer) {
    let (bad, rounded, first) = layout.read(source, into: block.nextRow(inPlace: block.isInPlace))
    let row = block.firstRow + index
    if let bad {
      block.problems.append(
        BadRow(
          row: row, description: "\(name): rows[\(row)][\(bad.column)]: expected a finite Float32, found \(bad.found)"))
      return
    }
    if rounded > 0 {
      if block.rounded.count == 0 { block.rounded.first = first.map { "rows[\(row)][\($0.column)], \($0.found)" } }
      block.rounded.count += rounded
    }
    block.accept(cut: index)
  }

  private func parse(_ block: RowBlock, line index: Int) {
    let place = block.places[index]
    let line = UnsafeRawBufferPointer(start: block.bytes + place.offset, count: place.length)
    do throws(LineError) {
      if let csv { try parse(block, line, csv, index) } else { try parseJSON(block, line) }
      block.accept(cut: index)
    } catch {
      block.problems.append(
        BadRow(
          row: block.firstRow + index, description: "\(name): \(block.place(ofCut: index)): \(error.sentence)",
          endsFile: error.endsFile))
    }
  }
}

/// What is wrong with a line of text.
struct LineError: Error {
  let sentence: String
  /// Whether nobody can tell where the row ends.
  var endsFile = false
}

import Glibc
package import Models

/// An evaluation as one HTML file: no script, nothing from elsewhere, in light and dark, on a phone and on paper.
package struct Report {
  private let model: Model
  private let evaluation: Evaluation
  private let scan: EvaluationScan
  private let far: [(name: String, isSynthetic: Bool, scan: EvaluationScan)]

  /// - Parameters: what the evaluation was made of.
  package init(
    _ model: Model, _ evaluation: Evaluation, _ scan: EvaluationScan,
    far: [(name: String, isSynthetic: Bool, scan: EvaluationScan)]
  ) {
    (self.model, self.evaluation, self.scan, self.far) = (model, evaluation, scan, far)
  }

  /// The whole file.
  package var html: String {
    let title = "How well \(evaluation.model) knows what it knows"
    var body = "<h1>\(title.escapedHTML)</h1>"
    body += "<ul class=\"judgement\">"
    body += (evaluation.judgement + evaluation.warnings.map { "Warning: \($0)" })
      .map { "<li>\($0.escapedHTML)</li>" }.joined()
    body += "</ul>"
    section(into: &body, "What it says of its own rows", ownRows)
    if !evaluation.far.isEmpty { section(into: &body, "What it says of far rows", farRows) }
    section(into: &body, "How far rows lie", distances)
    section(into: &body, "What is gained by leaving out the strangest", coverage)
    section(into: &body, "Which classes are taken for which", confusion)
    section(into: &body, "The strangest rows", gallery(scan.strangest))
    section(into: &body, "The most confident mistakes", gallery(scan.mistakes))
    for set in far { section(into: &body, "Nearest of the far set \(set.name)", gallery(set.scan.nearest)) }
    body +=
      "<footer><p>\(model.file.name.escapedHTML), SHA-256 <code>\(model.file.sha256)</code>. Made by radial evaluate.</p></footer>"
    return
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      + "<title>\(title.escapedHTML)</title><style>\(Self.style)</style></head><body><main>\(body)</main></body></html>\n"
  }

  private func section(into body: inout String, _ title: String, _ content: String) {
    if !content.isEmpty { body += "<section><h2>\(title.escapedHTML)</h2>\(content)</section>" }
  }

  private func name(_ index: Int) -> String { model.labels?[index] ?? String(index) }

  // MARK: - Tables

  private func table(_ caption: String, _ head: [String], _ rows: [[String]]) -> String {
    let cells = rows.map { row in
      "<tr><th scope=\"row\">\(row[0].escapedHTML)</th>" + row.dropFirst().map { "<td>\($0.escapedHTML)</td>" }.joined()
        + "</tr>"
    }
    // What is wider than a phone is scrolled by itself, also with the keyboard.
    return
      "<div class=\"wide\" role=\"region\" aria-label=\"\(caption.escapedHTML)\" tabindex=\"0\"><table><caption>\(caption.escapedHTML)</caption><thead><tr>"
      + head.map { "<th scope=\"col\">\($0.escapedHTML)</th>" }.joined() + "</tr></thead><tbody>" + cells.joined()
      + "</tbody></table></div>"
  }

  private var ownRows: String {
    var text = "<p>\(evaluation.rows) rows"
    if let error = evaluation.error { text += ", \(Evaluation.percent(error)) of those with labels misread" }
    if let rejected = evaluation.rejected, let rate = evaluation.falseRejectRate {
      text += ", \(Evaluation.percent(rejected)) called unknown at a rate of \(Evaluation.percent(rate))"
    }
    text += ".</p>"
    guard !evaluation.classes.isEmpty else { return text }
    text += rejectionPicture
    text +=
      "<p>The rate holds on average over calibration sets: one set's true rate scatters, and so does the share among these rows. The bars are where it lies in 95 % of cases, by the numbers of both.</p>"
    return text
      + table(
        "Rows called unknown, by the class that is answered",
        ["answered", "rows", "unknown", "in 95 % of cases", "calibrated with"],
        evaluation.classes.map { entry in
          [
            entry.label ?? String(entry.class), String(entry.rows), Evaluation.percent(entry.rejected),
            "\(Evaluation.percent(entry.expectedLow)) to \(Evaluation.percent(entry.expectedHigh))",
            "\(entry.calibrationRows) rows",
          ]
        })
  }

  private var farRows: String {
    let head =
      ["far set", "rows"]
      + evaluation.acceptanceRates.map { "known at " + Evaluation.percent($0).replacing(" ", with: "\u{a0}") }
      + ["AUROC of distance", "of softmax", "of energy", "accepted where 95 % of the rows are"]
    let rows = evaluation.far.map { set in
      [set.name + (set.isSynthetic ? " (synthetic)" : ""), String(set.rows)]
        + (set.accepted.isEmpty ? evaluation.acceptanceRates.map { _ in "–" } : set.accepted.map(Evaluation.percent))
        + [set.distance, set.softmax, set.energy].map { $0.map { Evaluation.rounded($0.auroc) } ?? "–" }
        + [set.distance.map { Evaluation.percent($0.falsePositiveRateAt95) } ?? "–"]
    }
    var text = rocPicture + table("Far rows, by set", head, rows)
    if evaluation.far.contains(where: \.isSynthetic) {
      text += "<p>Synthetic far rows are made of the rows themselves; real strange rows may be harder.</p>"
    }
    return text
  }

  // MARK: - Pictures

  /// The share rejected of each class, with what chance allows.
  private var rejectionPicture: String {
    let classes = evaluation.classes
    guard (1...60).contains(classes.count), let rate = evaluation.falseRejectRate else { return "" }
    let largest = max(classes.map { max($0.rejected, $0.expectedHigh) }.max() ?? 0, 2 * rate)
    var content = ""
    content += Picture.rule(atHeight: rate / largest)
    for (index, entry) in classes.enumerated() where entry.rows > 0 {
      let x = Picture.horizontal((Double(index) + 0.5) / Double(classes.count))
      let (low, high) = (Picture.vertical(entry.expectedLow / largest), Picture.vertical(entry.expectedHigh / largest))
      content +=
        "<line class=\"range\" x1=\"\(Picture.number(x))\" x2=\"\(Picture.number(x))\" y1=\"\(Picture.number(low))\" y2=\"\(Picture.number(high))\"/>"
      content +=
        "<circle class=\"dot\" cx=\"\(Picture.number(x))\" cy=\"\(Picture.number(Picture.vertical(entry.rejected / largest)))\" r=\"4\"/>"
    }
    let ticks = classes.enumerated().compactMap { index, entry -> (Double, String)? in
      classes.count > 20 && index % 5 != 0
        ? nil : ((Double(index) + 0.5) / Double(classes.count), String(name(entry.class).prefix(7)))
    }
    return Picture.plot(
      label: "The share called unknown of each answered class, and where it lies by chance", x: "answered class",
      y: "unknown", ticks: ticks,
      yTicks: [0, 0.5, 1].map { ($0, Evaluation.percent($0 * largest)) }, content)
  }

  /// Far rows rejected over known rows rejected.
  private var rocPicture: String {
    let known = scan.scores.compactMap { $0.farness ?? $0.softmax }
    let curves = far.compactMap { set -> (String, Separation)? in
      Separation(known: known, far: set.scan.scores.compactMap { $0.farness ?? $0.softmax }).map { (set.name, $0) }
    }
    guard !curves.isEmpty else { return "" }
    let lines = curves.enumerated().map { index, curve in
      Picture.line(curve.1.curve.map { ($0.known, $0.far) }, series: index)
    }
    return Picture.plot(
      label: "Share of far rows rejected over share of known rows rejected, as the limit moves",
      x: "known rows rejected", y: "far rows rejected", ticks: Picture.percents, yTicks: Picture.percents,
      lines.joined()) + Picture.legend(curves.map { "\($0.0), area \(Evaluation.rounded($0.1.auroc))" })
  }

  /// Of known, misread and far rows, how many lie at which distance over the limit of their class.
  private var distances: String {
    let known = scan.scores.filter { $0.label == nil || $0.isRight }.compactMap(\.overLimit)
    let misread = scan.scores.filter { $0.label != nil && !$0.isRight }.compactMap(\.overLimit)
    let groups =
      [("known", known), ("misread", misread)].filter { !$0.1.isEmpty }
      + far.map { ($0.name, $0.scan.scores.compactMap(\.overLimit)) }
    guard groups.contains(where: { !$0.1.isEmpty }) else { return "" }
    // Octaves around the limit: from 1/64 of it to 64 times.
    let bins = 48
    func bin(_ ratio: Float) -> Int {
      guard ratio > 0 else { return 0 }
      guard ratio.isFinite else { return bins - 1 }
      return max(0, min(bins - 1, Int((log2(Double(ratio)) + 6) / 12 * Double(bins))))
    }
    let shares = groups.map { _, values in
      var counts = [Double](repeating: 0, count: bins)
      for value in values { counts[bin(value)] += 1 / Double(max(values.count, 1)) }
      return counts
    }
    let largest = max(shares.flatMap { $0 }.max() ?? 1, 1e-9)
    var content = shares.enumerated().map { index, counts in
      Picture.line(
        counts.enumerated().map { ((Double($0.offset) + 0.5) / Double(bins), $0.element / largest) }, series: index)
    }.joined()
    content += Picture.rule(atWidth: 0.5)
    let ticks = [(0.0, "1/64"), (1.0 / 3, "1/4"), (0.5, "1"), (2.0 / 3, "4"), (1.0, "64")]
    return Picture.plot(
      label: "Distances of known, misread and far rows over the limit of their class, in octaves",
      x: "squared distance over the limit of its class", y: "share of the rows", ticks: ticks,
      yTicks: [0, 0.5, 1].map { ($0, Evaluation.percent($0 * largest)) }, content)
      + Picture.legend(groups.map(\.0)) + "<p>Right of the line a row is called unknown.</p>"
  }

  /// The error of what is left when the farthest rows are left out.
  private var coverage: String {
    let labelled = scan.scores.filter { $0.label != nil }
    guard labelled.count > 1 else { return "" }
    let ranked = labelled.map { score in (score.overLimit ?? score.farness ?? score.softmax ?? 0, score.isRight) }
      .sorted { $0.0 < $1.0 }
    var (wrong, points) = (0, [(Double, Double)]())
    let step = max(1, ranked.count / 300)
    var largest = 0.0
    for (index, row) in ranked.enumerated() {
      if !row.1 { wrong += 1 }
      // The first few rows say nothing of a share.
      guard index + 1 >= min(ranked.count, 50), index % step == 0 || index == ranked.count - 1 else { continue }
      let risk = Double(wrong) / Double(index + 1)
      largest = max(largest, risk)
      points.append((Double(index + 1) / Double(ranked.count), risk))
    }
    let top = max(largest, 1e-4)
    return Picture.plot(
      label: "Error among the rows that are kept, over the share that is kept, nearest first", x: "rows kept",
      y: "error", ticks: Picture.percents, yTicks: [0, 0.5, 1].map { ($0, Evaluation.percent($0 * top)) },
      Picture.line(points.map { ($0.0, $0.1 / top) }, series: 0))
  }

  private var confusion: String {
    let counts = evaluation.confusion
    guard (2...20).contains(counts.count) else { return "" }
    return table(
      "Rows of each class, by the class that is answered", ["class"] + counts.indices.map(name),
      counts.enumerated().map { index, row in [name(index)] + row.map(String.init) })
  }

  private func gallery(_ rows: [EvaluationScan.Shown]) -> String {
    guard !rows.isEmpty else { return "" }
    let items = rows.map { row in
      var text = "row \(row.number): \(name(Int(row.score.predicted)))"
      if let label = row.score.label, !row.score.isRight { text += ", is \(name(Int(label)))" }
      if let p = row.score.pValue { text += ", p = \(Evaluation.rounded(p))" }
      let picture =
        Picture.bitmap(
          model.cellByCell(row.values), shape: model.imageShape ?? model.inputShape, label: "row \(row.number)") ?? ""
      return "<li>\(picture)<span>\(text.escapedHTML)</span></li>"
    }
    return "<ul class=\"gallery\">\(items.joined())</ul>"
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--faint:#c9c9d1;--soft:#55555f;--a:#0b5cad;--b:#b3420a;--c:#19713a;\
    --d:#7a2fa0;--e:#8a6100;--f:#a3174f}\
    @media(prefers-color-scheme:dark){:root{--ink:#ececf1;--paper:#17171b;--faint:#44444e;--soft:#b4b4c0;--a:#7db8f5;--b:#f2a071;\
    --c:#7fd39b;--d:#cf9df0;--e:#e3bf62;--f:#f293b8}}\
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
    main{max-width:58rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
    p,.judgement{max-width:46rem}.judgement{padding-left:1.2rem;font-weight:600}svg{width:100%;height:auto;display:block}\
    svg text{font:12px system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--faint)}.rate{stroke:var(--soft);stroke-dasharray:5 4}\
    .range{stroke:var(--faint);stroke-width:9}.dot{fill:var(--a)}.series{fill:none;stroke-width:2}.s0{stroke:var(--a)}.s1{stroke:var(--b)}\
    .s2{stroke:var(--c)}.s3{stroke:var(--d)}.s4{stroke:var(--e)}.s5{stroke:var(--f)}\
    .legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}.legend svg{display:inline-block;width:24px;margin-right:.4rem}\
    .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft)}\
    th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--faint);white-space:nowrap}th:first-child{text-align:left}\
    thead th{white-space:normal;vertical-align:bottom;min-width:4rem}tbody th{white-space:normal}\
    .gallery{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:1rem}\
    .gallery img{width:100%;image-rendering:pixelated;display:block}.gallery span{font-size:.85rem}\
    code{overflow-wrap:anywhere}footer{margin-top:3rem;color:var(--soft);font-size:.85rem}
    """
}

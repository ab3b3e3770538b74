import HTTPServer

/// `GET /` for a browser: draw a digit, or paste a row, and see how far it is from every class. One page, nothing loaded from elsewhere.
enum PlaygroundPage {
  static let response = FixedResponse(
    status: 200, contentType: "text/html; charset=utf-8", body: html,
    headers: [
      ("Vary", "Accept"),
      (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'"
      ),
    ])

  /// Whether a client wants the page rather than JSON, by its `Accept` (RFC 9110 12.5.1): only one that names text/html, and nothing of
  /// JSON above it.
  static func isPreferred(accept: String) -> Bool {
    let items = weightedItems(accept)
    func weight(_ type: String) -> Double { items.first { $0.name == type }?.weight ?? 0 }
    return weight("text/html") > weight("application/json")
  }

  private static let html = #"""
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Radial</title>
    <style>
      :root { color-scheme: light dark; --near: #2a7de1; --far: #9aa4b2; --line: #8884; }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.4rem; margin: 0 0 .2rem; }
      main { display: flex; flex-wrap: wrap; gap: 2rem; margin-top: 1.5rem; }
      canvas { border: 1px solid var(--line); border-radius: 6px; background: #000; touch-action: none; cursor: crosshair; }
      textarea { width: 20rem; height: 12rem; font: 13px monospace; }
      #answer { flex: 1; min-width: 20rem; }
      #verdict { font-size: 1.3rem; min-height: 2.2rem; }
      #verdict .unknown { color: #c2410c; }
      table { border-collapse: collapse; width: 100%; }
      td { padding: .15rem .4rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
      td.bar { width: 100%; }
      td.bar div { background: var(--far); height: .9rem; border-radius: 3px; min-width: 1px; }
      tr.nearest td.bar div { background: var(--near); }
      tr.nearest { font-weight: 600; }
      button, select { font: inherit; padding: .2rem .8rem; }
      small { color: #777; }
    </style>
    <h1>Radial</h1>
    <div><select id="model" aria-label="Model"></select> <small id="about"></small></div>
    <main>
      <section>
        <canvas id="pad" width="280" height="280" hidden aria-label="Draw here"></canvas>
        <textarea id="row" hidden aria-label="One row, as JSON" placeholder="[0.1, 0.2, …]"></textarea>
        <p><button id="clear">Clear</button> <button id="ask" hidden>Predict</button></p>
      </section>
      <section id="answer" aria-live="polite">
        <div id="verdict"></div>
        <table id="classes"></table>
        <p><small>Bars are squared distances to the class prototypes: short is near. The p-value is the share of the nearest class's own
          examples that are at least as far; below the calibrated rate the input is called unknown.
          <a href="/openapi.json">API</a> · <a href="/metrics">metrics</a></small></p>
      </section>
    </main>
    <script>
    "use strict";
    const $ = id => document.getElementById(id), pad = $("pad"), pen = pad.getContext("2d", { willReadFrequently: true });
    let model, drawing = false, asked = 0;

    // As MNIST's digits were made: scaled into 20 × 20, and the centre of mass put into the middle of 28 × 28.
    function pixels() {
      const { data } = pen.getImageData(0, 0, 280, 280);
      let left = 280, right = -1, top = 280, bottom = -1, mass = 0, x0 = 0, y0 = 0;
      for (let y = 0; y < 280; y++) for (let x = 0; x < 280; x++) {
        const ink = data[4 * (280 * y + x)];
        if (ink < 20) continue;
        left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
        mass += ink; x0 += ink * x; y0 += ink * y;
      }
      if (mass === 0) return null;
      const scale = 20 / Math.max(right - left + 1, bottom - top + 1), small = document.createElement("canvas");
      small.width = small.height = 28;
      const brush = small.getContext("2d");
      brush.fillRect(0, 0, 28, 28);
      brush.imageSmoothingQuality = "high";
      brush.setTransform(scale, 0, 0, scale, 14 - scale * x0 / mass, 14 - scale * y0 / mass);
      brush.drawImage(pad, 0, 0);
      const scaled = brush.getImageData(0, 0, 28, 28).data;
      return Array.from({ length: 784 }, (_, i) => scaled[4 * i]);
    }

    async function json(path, body) {
      const answer = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
      const value = await answer.json();
      if (!answer.ok) throw new Error(value.error);
      return value;
    }

    function show(prediction) {
      const verdict = $("verdict"), table = $("classes");
      verdict.textContent = ""; table.textContent = "";
      if (!prediction) return;
      if ("class" in prediction) {
        const text = document.createElement("span");
        const name = prediction.label ?? prediction.class;
        text.textContent = prediction.known === false ? `none of these (nearest: ${name})` : `${name}`;
        text.className = prediction.known === false ? "unknown" : "";
        verdict.append(text, prediction.p_value === undefined ? "" : ` p = ${prediction.p_value.toFixed(3)}`);
      } else verdict.textContent = prediction.outputs.join(", ");
      const largest = Math.max(...prediction.distances, Number.MIN_VALUE);
      prediction.distances.forEach((distance, index) => {
        const row = table.insertRow();
        if (index === prediction.class) row.className = "nearest";
        row.insertCell().textContent = model.labels?.[index] ?? index;
        const bar = document.createElement("div");
        bar.style.width = `${100 * distance / largest}%`;
        const cell = row.insertCell();
        cell.className = "bar";
        cell.append(bar);
        row.insertCell().textContent = distance.toPrecision(4);
      });
    }

    async function predict(instance) {
      const ticket = ++asked;
      try {
        const answer = instance && await json(`/models/${model.name}/predict`, { instance });
        if (ticket === asked) show(answer?.prediction);
      } catch (error) {
        show();
        $("verdict").textContent = error.message;
      }
    }

    async function choose(name) {
      model = await json(`/models/${name}`);
      const shape = model.input.shape.slice(1), isDrawn = shape.reduce((a, b) => a * b, 1) === 784;
      $("about").textContent = `version ${model.version}, input ${shape.join(" × ")}, ${model.parameters.toLocaleString("en")} parameters`;
      pad.hidden = !isDrawn;
      $("row").hidden = $("ask").hidden = isDrawn;
      clear();
    }

    function clear() {
      pen.fillRect(0, 0, 280, 280);
      $("row").value = "";
      predict();
    }

    function stroke(event) {
      const { left, top } = pad.getBoundingClientRect(), x = event.clientX - left, y = event.clientY - top;
      if (event.type === "pointerdown") {
        drawing = true;
        pad.setPointerCapture(event.pointerId);
        pen.beginPath();
        pen.moveTo(x, y);
      }
      if (!drawing) return;
      Object.assign(pen, { strokeStyle: "#fff", lineWidth: 22, lineCap: "round", lineJoin: "round" });
      pen.lineTo(x, y);
      pen.stroke();
      predict(pixels());
    }
    for (const type of ["pointerdown", "pointermove"]) pad.addEventListener(type, stroke);
    for (const type of ["pointerup", "pointercancel"]) pad.addEventListener(type, () => { drawing = false; });
    $("clear").onclick = clear;
    $("ask").onclick = () => {
      try { predict(JSON.parse($("row").value)); } catch (error) { $("verdict").textContent = error.message; }
    };
    $("model").onchange = event => choose(event.target.value);

    json("/models").then(({ models }) => {
      const served = models.filter(one => one.state === "ready");
      for (const name of new Set(served.map(one => one.name))) $("model").add(new Option(name));
      const first = served.find(one => one.default);
      if (!first) return;
      $("model").value = first.name;
      choose(first.name);
    });
    </script>
    </html>
    """#
}

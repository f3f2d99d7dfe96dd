// The explorer: one code under the cursor, one image that was chosen, and what is shown of both.
(() => {
  "use strict";

  const MAP_TILE = 46; // pixels of a tile of the decoded map, about
  const FRAME_TIME = 12; // milliseconds of decoding at a time, while a map is drawn
  const READ_AFTER = 350; // milliseconds of rest, after which a screen reader is told

  const number = (value, digits = 2) => {
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  const subscript = (n) => String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
  const dimension = (j) => `z${subscript(j + 1)}`;
  const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
  const significant = (value) =>
    Math.abs(value) >= 100 ? number(value, 0) : Math.abs(value) >= 1 ? number(value, 2) : number(value, 4);

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  class Explorer {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(root.querySelector(".ex-data").textContent);
      const { data } = this;
      this.size = data.latentDim;
      this.count = data.indices.length;
      const codes = VaeDecoder.floats(data.codes);
      this.codes = data.indices.map((_, i) => codes.subarray(i * this.size, (i + 1) * this.size));
      this.labels = data.labels ?? data.indices.map(() => 0);
      this.decoder = data.decoder && VaeDecoder.make(data.decoder, data.classes.length);
      this.ranked = data.relevance.map((_, j) => j).sort((a, b) => data.relevance[b] - data.relevance[a]);
      this.pair = [...this.ranked.slice(0, 2)].sort((a, b) => a - b);
      this.principal = data.principal !== null;
      this.hidden = new Set();
      this.label = 0;
      this.code = Float64Array.from(data.origin);
      this.chosen = -1;
      this.looked = null; // {at, point} under a pointer that only looks
      this.mapOn = false;
      this.sorted = data.measures.map(({ values }) => Float64Array.from(values).sort());
      this.plot = new VaePlot.Plot(root, data.plot, data.borders);
    }

    find(name) {
      return this.root.querySelector(`.ex-${name}`);
    }

    async start() {
      const { data } = this;
      const urls = [...data.sheets, ...(data.grid ? data.grid.sheets : [])];
      const sheets = Promise.all(urls.map(VaeImages.loaded));
      this.canvases = {};
      for (const name of ["decoded", "original", "reconstruction"])
        this.canvases[name] = VaeImages.prepared(this.find(name), data.shape);
      this.makeLegend();
      this.makeControls();
      this.makeSliders();
      await this.plot.draw();
      [this.originals, this.reconstructions, ...this.grids] = await sheets;
      Object.assign(this.plot, {
        onLook: (at, point) => this.look(at, point),
        onLeave: () => this.look(null),
        onPick: (at, point) => (point < 0 ? this.moveTo(at) : this.choose(point)),
        onMove: (at) => this.moveTo(at),
        onRange: () => this.redrawMap(),
      });
      this.showPlane();
      // Open with an ordinary image: the middle one by its error.
      const errors = data.measures.at(-1).values;
      this.choose(errors.indexOf([...errors].sort((a, b) => a - b)[this.count >> 1]));
      this.refresh();
      this.root.dataset.ready = "";
    }

    // --- the plane -----------------------------------------------------------------------------

    project(code) {
      if (this.size === 1) return [code[0], 0.5];
      if (!this.principal) return this.pair.map((j) => code[j]);
      const { center, axes } = this.data.principal;
      const moved = Array.from(code, (value, j) => value - center[j]);
      return axes.map((axis) => dot(moved, axis));
    }

    // `code`, moved along the plane to a place on it.
    moved(code, at) {
      const result = Float64Array.from(code);
      const from = this.project(code);
      if (this.size === 1) result[0] = at[0];
      else if (this.principal)
        this.data.principal.axes.forEach((axis, k) =>
          axis.forEach((value, j) => (result[j] += (at[k] - from[k]) * value)),
        );
      else this.pair.forEach((j, k) => (result[j] = at[k]));
      return result;
    }

    placeOfPoint(i) {
      const at = this.project(this.codes[i]);
      // One dimension fills a line: the other coordinate only keeps the dots apart.
      if (this.size === 1) at[1] = 0.1 + 0.8 * ((i * 0.6180339887) % 1);
      return at;
    }

    showPlane() {
      const { data } = this;
      this.places = this.codes.map((_, i) => this.placeOfPoint(i));
      const explained = (k) => `principal axis ${k + 1} (${Math.round(100 * data.principal.explained[k])}% of the variance)`;
      if (this.size === 1) this.plot.setAxes(dimension(0), null);
      else if (this.principal) this.plot.setAxes(explained(0), explained(1));
      else this.plot.setAxes(...this.pair.map(dimension));
      const bounds = [0, 1].map((k) => {
        if (this.size === 1 && k === 1) return [0, 1];
        if (!this.principal) {
          const j = this.pair[k] ?? 0;
          return [data.low[j], data.high[j]];
        }
        const values = [...this.places.map((at) => at[k]), ...data.span];
        return [Math.min(...values), Math.max(...values)];
      });
      this.showPoints();
      this.plot.setBounds(bounds.map((b) => b[0]), bounds.map((b) => b[1]), this.size > 1);
      this.changed();
    }

    visible(i) {
      return !this.hidden.has(this.labels[i]);
    }

    showPoints() {
      const index = this.data.indices.map((_, i) => i).filter((i) => this.visible(i));
      this.plot.setPoints({
        index,
        x: index.map((i) => this.places[i][0]),
        y: index.map((i) => this.places[i][1]),
        color: index.map((i) => this.data.classes[this.labels[i]].color),
      });
    }

    // --- what a reader does --------------------------------------------------------------------

    look(at, point = -1) {
      this.looked = at && { at, point };
      this.changed();
    }

    moveTo(at) {
      this.looked = null;
      this.setCode(this.moved(this.code, at));
    }

    setCode(code) {
      this.code = Float64Array.from(code);
      this.redrawMap();
      this.changed();
    }

    choose(i) {
      this.chosen = i;
      this.looked = null;
      if (this.data.conditional) this.setLabel(this.labels[i]);
      this.setCode(this.codes[i]);
    }

    setLabel(label) {
      this.label = label;
      const selector = this.find("label");
      if (selector) selector.value = String(label);
      this.redrawMap();
      this.changed();
    }

    step(by) {
      for (let n = 1; n <= this.count; n++) {
        const start = this.chosen < 0 ? (by > 0 ? -1 : 0) : this.chosen;
        const i = (((start + n * by) % this.count) + this.count) % this.count;
        if (this.visible(i)) return this.choose(i);
      }
    }

    clear() {
      this.chosen = -1;
      this.looked = null;
      this.setCode(this.data.origin);
    }

    toggle(label) {
      if (!this.hidden.delete(label)) this.hidden.add(label);
      this.showLegend();
    }

    // --- controls ------------------------------------------------------------------------------

    makeLegend() {
      const legend = this.find("legend");
      if (!legend) return;
      const counts = this.data.classes.map((_, label) => this.labels.filter((l) => l === label).length);
      this.present = counts.map((n, label) => label).filter((label) => counts[label] > 0);
      this.chips = new Map();
      for (const label of this.present) {
        const { name, color } = this.data.classes[label];
        const mark = element("span", { className: "ex-dot" });
        mark.style.setProperty("--dot", color);
        const count = element("span", { className: "ex-count", textContent: counts[label] });
        const chip = element("button", { type: "button" }, mark, element("span", { textContent: name }), count);
        chip.addEventListener("click", () => this.toggle(label));
        this.chips.set(label, chip);
        legend.append(chip);
      }
      this.all = element("button", { type: "button", className: "ex-all" });
      this.all.addEventListener("click", () => {
        this.hidden = this.hidden.size ? new Set() : new Set(this.present);
        this.showLegend();
      });
      legend.append(this.all);
      this.labelLegend();
    }

    labelLegend() {
      for (const [label, chip] of this.chips) chip.setAttribute("aria-pressed", String(!this.hidden.has(label)));
      this.all.textContent = this.hidden.size ? "Show all" : "Hide all";
    }

    showLegend() {
      this.labelLegend();
      this.showPoints();
      this.changed();
    }

    makeControls() {
      const on = (name, event, action) => this.find(name)?.addEventListener(event, action);
      const pairs = this.root.querySelectorAll(".ex-pair");
      on("plane", "change", ({ target }) => {
        this.principal = target.value === "principal";
        for (const field of pairs) field.hidden = this.principal;
        this.showPlane();
        this.redrawMap();
      });
      ["first", "second"].forEach((name, k) => {
        const selector = this.find(name);
        if (!selector) return;
        for (const j of this.ranked)
          selector.append(element("option", { value: j, textContent: dimension(j) }));
        selector.value = String(this.pair[k]);
        selector.addEventListener("change", () => {
          const j = Number(selector.value);
          // The same dimension twice is no plane: the two change places.
          if (j === this.pair[1 - k]) this.pair[1 - k] = this.pair[k];
          this.pair[k] = j;
          ["first", "second"].forEach((other, n) => (this.find(other).value = String(this.pair[n])));
          this.showPlane();
          this.redrawMap();
        });
      });
      on("label", "change", ({ target }) => this.setLabel(Number(target.value)));
      on("map", "click", ({ currentTarget }) => {
        this.mapOn = !this.mapOn;
        currentTarget.setAttribute("aria-pressed", String(this.mapOn));
        this.plot.setBackdrop(this.mapOn);
        this.redrawMap();
      });
      for (const button of this.root.querySelectorAll(".ex-zoom"))
        button.addEventListener("click", () => this.zoom(Number(button.dataset.factor)));
      on("fit", "click", () => this.plot.fit());
      on("to-origin", "click", () => this.setCode(this.data.origin));
      on("to-chosen", "click", () => this.choose(this.chosen));
      this.plot.surface.addEventListener("keydown", (event) => this.key(event));
    }

    zoom(factor) {
      this.plot.zoom(factor, this.project(this.code));
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const actions = {
        n: () => this.step(1),
        p: () => this.step(-1),
        "+": () => this.zoom(1 / 1.5),
        "=": () => this.zoom(1 / 1.5),
        "-": () => this.zoom(1.5),
        0: () => this.plot.fit(),
        Escape: () => this.clear(),
      };
      if (event.key in arrows) {
        const pixels = event.shiftKey ? 30 : 6;
        const scale = this.plot.span[0] / this.plot.width;
        const at = this.project(this.code);
        this.moveTo(at.map((value, k) => value + arrows[event.key][k] * pixels * scale));
      } else {
        const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
        if (!action) return;
        action();
      }
      event.preventDefault();
    }

    makeSliders() {
      const list = this.find("sliders");
      this.sliders = [];
      if (!list) return;
      const largest = Math.max(...this.data.relevance, 1e-9);
      for (const j of this.ranked) {
        const id = `ex-z${j}`;
        const bar = element("i");
        bar.style.setProperty("--share", `${(100 * this.data.relevance[j]) / largest}%`);
        const label = element("label", { htmlFor: id, title: `${this.data.relevanceName}: ${significant(this.data.relevance[j])}` }, dimension(j), bar);
        const input = element("input", { id, type: "range", min: this.data.low[j], max: this.data.high[j], step: (this.data.high[j] - this.data.low[j]) / 150 });
        const output = element("output", { htmlFor: id });
        input.addEventListener("input", () => {
          this.code[j] = Number(input.value);
          this.looked = null;
          this.setCode(this.code);
        });
        list.append(element("div", { className: "ex-slider" }, label, input, output));
        this.sliders.push({ j, input, output });
      }
    }

    // --- what is shown -------------------------------------------------------------------------

    get shownCode() {
      return this.looked ? this.moved(this.code, this.looked.at) : this.code;
    }

    get shownPoint() {
      return this.looked && this.looked.point >= 0 ? this.looked.point : this.chosen;
    }

    changed() {
      this.waiting ||= requestAnimationFrame(() => this.refresh());
    }

    refresh() {
      this.waiting = null;
      const code = this.shownCode;
      const point = this.shownPoint;
      this.drawDecoded(code);
      this.drawPoint(point);
      this.plot.place("cursor", this.project(this.code));
      this.plot.place("chosen", this.chosen >= 0 && this.visible(this.chosen) ? this.places[this.chosen] : null);
      const hovered = this.looked && this.looked.point >= 0 && this.looked.point !== this.chosen;
      this.plot.place("hovered", hovered ? this.places[point] : null);
      for (const { j, input, output } of this.sliders) {
        input.value = this.code[j];
        input.setAttribute("aria-valuetext", number(this.code[j]));
        output.textContent = number(this.code[j]);
      }
      const back = this.find("to-chosen");
      if (back) back.disabled = this.chosen < 0;
      this.tell();
    }

    // Place of the grid's code that is nearest to a place on the plane, and its number.
    gridTile(at) {
      const { counts, low, high } = this.data.grid;
      const steps = counts.map((n, k) => {
        const share = (at[k] - low[k]) / (high[k] - low[k]);
        return Math.min(n - 1, Math.max(0, Math.round(share * (n - 1))));
      });
      const place = steps.map((step, k) => low[k] + (step * (high[k] - low[k])) / (counts[k] - 1));
      return { tile: steps[0] + (steps[1] ?? 0) * counts[0], place };
    }

    drawDecoded(code) {
      const { data } = this;
      const context = this.canvases.decoded;
      const at = this.project(code);
      if (this.decoder) VaeImages.drawPixels(context, this.decoder(code, this.label), data.shape);
      else this.drawGridTile(context, at);
      const axes = this.size === 1 ? [dimension(0)] : this.principal ? ["axis 1", "axis 2"] : this.pair.map(dimension);
      const place = this.decoder ? at : this.gridTile(at).place;
      const lines = axes.map((name, k) =>
        element("div", {}, `${name} = `, element("span", { className: "value", textContent: number(place[k]) })),
      );
      if (data.conditional) lines.push(element("div", { textContent: `as ${data.classes[this.label].name}` }));
      if (!this.decoder) lines.push(element("div", { textContent: "nearest code of the grid" }));
      else if (this.size > 2) lines.push(element("div", { textContent: "the other dimensions as set below" }));
      this.find("where").textContent = this.looked ? "Under the pointer" : "At the cursor";
      this.find("place").replaceChildren(...lines);
    }

    drawGridTile(context, at, box) {
      const { grid, shape } = this.data;
      VaeImages.drawTile(context, this.grids[this.label], grid.columns, this.gridTile(at).tile, shape, box);
    }

    drawPoint(i) {
      const { data } = this;
      const name = this.find("name");
      const rows = [];
      for (const [key, sheet] of [["original", this.originals], ["reconstruction", this.reconstructions]]) {
        const context = this.canvases[key];
        if (i < 0) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
        else VaeImages.drawTile(context, sheet, data.columns, i, data.shape);
      }
      if (i < 0) {
        name.replaceChildren("No image chosen");
        this.find("numbers").tBodies[0].replaceChildren();
        return;
      }
      const title = `Image ${data.indices[i]}`;
      if (data.classesGiven) {
        const { name: className, color } = data.classes[this.labels[i]];
        const mark = element("span", { className: "ex-dot" });
        mark.style.setProperty("--dot", color);
        name.replaceChildren(mark, `${className} · ${title.toLowerCase()}`);
      } else name.replaceChildren(title);
      const row = (heading, ...cells) =>
        element("tr", {}, element("th", { scope: "row", textContent: heading }), ...cells);
      data.measures.forEach((measure, k) => {
        const value = measure.values[i];
        const below = Math.round((100 * this.sorted[k].filter((other) => other < value).length) / this.count);
        const rank = { className: "rank", title: `${below}% of the images shown have less`, textContent: `percentile ${below}` };
        const text = `${significant(value)} ${measure.unit}`;
        rows.push(row(measure.name, element("td", { textContent: text }), element("td", rank)));
      });
      const values = Array.from(this.codes[i], (value) => number(value)).join("  ");
      const list = element("span", { className: "ex-values", textContent: values });
      rows.push(row("Code", element("td", { colSpan: 2 }, list)));
      this.find("numbers").tBodies[0].replaceChildren(...rows);
    }

    // --- the decoded map -----------------------------------------------------------------------

    redrawMap() {
      clearTimeout(this.mapTimer);
      if (this.mapOn) this.mapTimer = setTimeout(() => this.drawMap(), 40);
    }

    drawMap() {
      const { plot, data } = this;
      const [height, width] = data.shape;
      const across = Math.max(3, Math.round(plot.width / MAP_TILE));
      const down = this.size === 1 ? 1 : Math.max(3, Math.round((plot.height / plot.width) * across * (width / height)));
      const canvas = plot.tiles;
      const density = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(plot.width * density) || canvas.height !== Math.round(plot.height * density)) {
        canvas.width = Math.round(plot.width * density);
        canvas.height = Math.round(plot.height * density);
      }
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      const tile = [canvas.width / across, canvas.height / down];
      const scratch = VaeImages.prepared(document.createElement("canvas"), data.shape);
      const code = this.code;
      const turn = (this.mapTurn = {});
      let next = 0;
      const some = () => {
        if (this.mapTurn !== turn || !this.mapOn) return;
        const until = performance.now() + FRAME_TIME;
        while (next < across * down && performance.now() < until) {
          const [column, row] = [next % across, Math.floor(next / across)];
          const at = plot.toPlane([((column + 0.5) * plot.width) / across, ((row + 0.5) * plot.height) / down]);
          if (this.decoder)
            VaeImages.drawPixels(scratch, this.decoder(this.moved(code, at), this.label), data.shape);
          else this.drawGridTile(scratch, at);
          const [left, top] = [Math.round(column * tile[0]), Math.round(row * tile[1])];
          const [right, bottom] = [Math.round((column + 1) * tile[0]), Math.round((row + 1) * tile[1])];
          context.drawImage(scratch.canvas, left, top, right - left, bottom - top);
          next++;
        }
        if (next < across * down) requestAnimationFrame(some);
      };
      some();
    }

    // --- for those who do not see it -----------------------------------------------------------

    tell() {
      clearTimeout(this.tellTimer);
      this.tellTimer = setTimeout(() => {
        const i = this.shownPoint;
        const parts = [`${this.find("where").textContent}: ${this.find("place").innerText.replace(/\s+/g, " ")}.`];
        if (i >= 0) {
          parts.push(`${this.find("name").textContent}.`);
          this.data.measures.forEach(({ name, unit, values }) =>
            parts.push(`${name} ${significant(values[i])} ${unit}.`),
          );
        }
        this.find("live").textContent = parts.join(" ");
      }, READ_AFTER);
    }
  }

  async function start() {
    const explorers = [...document.querySelectorAll(".explorer")].map((root) => new Explorer(root));
    await Promise.all(explorers.map((explorer) => explorer.start()));
    window.explorers = explorers;
    window.explorerReady = performance.now(); // milliseconds since the page was asked for
  }

  start();
})();

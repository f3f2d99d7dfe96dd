// The plane of codes: Bokeh draws it, and a transparent surface over its frame takes the pointer.
const VaePlot = (() => {
  "use strict";

  const HIT = { mouse: 9, pen: 12, touch: 18 }; // pixels around a dot that belong to it
  const SWIPE = 8; // pixels sideways, after which a finger moves the cursor and not the page

  class Plot {
    constructor(root, item, borders) {
      this.box = root.querySelector(".ex-plot");
      this.surface = root.querySelector(".ex-surface");
      this.tiles = root.querySelector(".ex-tiles");
      this.item = item;
      this.borders = borders;
      this.equalScale = true;
      this.marks = {};
      for (const name of ["cursor", "hovered", "chosen"])
        this.marks[name] = { element: root.querySelector(`.ex-${name}`), at: null };
      this.points = { x: [], y: [], index: [] };
      this.onLook = this.onLeave = this.onPick = this.onMove = this.onRange = () => {};
    }

    async draw() {
      const views = await Bokeh.embed.embed_item(this.item, this.box.querySelector(".ex-bokeh"));
      this.model = [...views][0].model;
      this.source = this.model.document.get_model_by_name("points");
      this.glyph = this.model.document.get_model_by_name("scatter").glyph;
      new ResizeObserver(() => this.layOut()).observe(this.box);
      this.layOut();
      this.listen();
    }

    layOut() {
      const { left, right, top, bottom } = this.borders;
      this.width = Math.max(1, this.box.clientWidth - left - right);
      this.height = Math.max(1, this.box.clientHeight - top - bottom);
      for (const element of [this.surface, this.tiles])
        Object.assign(element.style, {
          left: `${left}px`,
          top: `${top}px`,
          width: `${this.width}px`,
          height: `${this.height}px`,
        });
      if (this.bounds) this.fit();
    }

    // What `fit` shows: lowest and highest value along each axis.
    setBounds(low, high, equalScale) {
      this.bounds = { low, high };
      this.equalScale = equalScale;
      this.fit();
    }

    setAxes(first, second) {
      this.model.below[0].axis_label = first;
      this.model.left[0].axis_label = second ?? "";
      this.model.left[0].visible = second !== null;
      this.grids = second === null ? this.model.center.slice(0, 1) : this.model.center;
      for (const grid of this.model.center) grid.visible = this.grids.includes(grid);
    }

    setPoints(points) {
      this.points = points;
      this.source.data = { x: points.x, y: points.y, color: points.color };
    }

    // Whether there are pictures behind the dots, which are then smaller, on no grid.
    setBackdrop(on) {
      this.glyph.size = { value: on ? 5 : 6.5 };
      for (const grid of this.grids) grid.visible = !on;
      this.tiles.classList.toggle("on", on);
    }

    fit() {
      const { low, high } = this.bounds;
      const center = [0, 1].map((k) => (low[k] + high[k]) / 2);
      const span = [0, 1].map((k) => 1.06 * (high[k] - low[k]));
      if (this.equalScale) {
        const unit = Math.max(span[0] / this.width, span[1] / this.height);
        span[0] = unit * this.width;
        span[1] = unit * this.height;
      }
      this.show(center, span);
    }

    zoom(factor, center) {
      const span = this.span.map((length, k) => (k === 1 && !this.equalScale ? length : factor * length));
      this.show(center.map((c, k) => (k === 1 && !this.equalScale ? this.center[1] : c)), span);
    }

    show(center, span) {
      this.center = center;
      this.span = span;
      this.model.x_range.setv({ start: center[0] - span[0] / 2, end: center[0] + span[0] / 2 });
      this.model.y_range.setv({ start: center[1] - span[1] / 2, end: center[1] + span[1] / 2 });
      for (const name of Object.keys(this.marks)) this.place(name, this.marks[name].at);
      this.onRange();
    }

    toPixels([u, v]) {
      return [
        ((u - this.center[0]) / this.span[0] + 0.5) * this.width,
        (0.5 - (v - this.center[1]) / this.span[1]) * this.height,
      ];
    }

    toPlane([x, y]) {
      return [
        this.center[0] + (x / this.width - 0.5) * this.span[0],
        this.center[1] + (0.5 - y / this.height) * this.span[1],
      ];
    }

    // Move a mark to a place on the plane; `null` takes it away.
    place(name, at) {
      const mark = this.marks[name];
      mark.at = at;
      mark.element.hidden = at === null;
      if (at === null) return;
      const [x, y] = this.toPixels(at);
      mark.element.style.transform = `translate(${x}px, ${y}px)`;
    }

    // Number of the nearest dot within reach, or -1.
    nearest([x, y], pointer) {
      let best = (HIT[pointer] ?? HIT.mouse) ** 2;
      let found = -1;
      const { x: u, y: v, index } = this.points;
      for (let k = 0; k < index.length; k++) {
        const [px, py] = this.toPixels([u[k], v[k]]);
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance <= best) [best, found] = [distance, index[k]];
      }
      return found;
    }

    listen() {
      const { surface } = this;
      const cursor = this.marks.cursor.element;
      let press = null; // where a pointer went down, and whether it is moving the cursor

      const place = (event) => {
        const box = surface.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      surface.addEventListener("pointerdown", (event) => {
        if (!event.isPrimary || event.button !== 0) return;
        const at = place(event);
        press = { at, grabbed: event.target === cursor, moving: false };
        surface.setPointerCapture(event.pointerId);
      });
      surface.addEventListener("pointermove", (event) => {
        if (!event.isPrimary) return;
        const at = place(event);
        if (press) {
          const [across, up] = [0, 1].map((k) => Math.abs(at[k] - press.at[k]));
          const far = event.pointerType === "mouse" ? Math.max(across, up) > 3 : across > SWIPE;
          press.moving ||= far || (press.grabbed && Math.max(across, up) > 3);
          if (press.moving) this.onMove(this.toPlane(at));
        } else if (event.pointerType !== "touch") {
          this.onLook(this.toPlane(at), this.nearest(at, event.pointerType));
        }
      });
      surface.addEventListener("pointerup", (event) => {
        if (!press) return;
        const at = place(event);
        const tapped = !press.moving;
        press = null;
        if (tapped) this.onPick(this.toPlane(at), this.nearest(at, event.pointerType));
      });
      surface.addEventListener("pointercancel", () => (press = null));
      surface.addEventListener("pointerleave", () => {
        if (!press) this.onLeave();
      });
    }
  }

  return { Plot };
})();

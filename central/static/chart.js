// What a chart does under a finger: tells its values, and opens a part of the period. Its figures are the server's.
"use strict";

const FAR = 12; // px that a finger or a pointer goes before it is a stretch and no tap

// The value under the finger, the pointer or, by the arrow keys, the focus.
const tell = (chart) => {
  const places = [...chart.querySelectorAll(".hit")];
  const notes = places.map((place) => {
    const title = place.querySelector("title");
    const text = title.textContent;
    title.remove(); // else the browser shows it a second time
    return text;
  });
  const said = document.createElement("output");
  said.className = "say";
  said.hidden = true;
  chart.append(said);
  let chosen = -1;

  const choose = (index) => {
    if (chosen >= 0) places[chosen].classList.remove("chosen");
    chosen = index;
    said.hidden = index < 0;
    if (index < 0) return;
    places[index].classList.add("chosen");
    said.textContent = notes[index];
    const box = chart.getBoundingClientRect();
    const place = places[index].getBoundingClientRect();
    beside(said, place.left + place.width / 2 - box.left, box.width);
  };
  const point = (event) => {
    const index = places.indexOf(event.target);
    if (index >= 0) choose(index);
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", () => choose(-1));
  chart.addEventListener("blur", () => choose(-1));
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) choose((chosen + step + places.length) % places.length);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(places.length - 1);
    else if (event.key === "Escape") choose(-1);
    else if (event.key === "Enter" && chosen >= 0) opens(chart, places[chosen], places[chosen]);
    else return;
    event.preventDefault();
  });
  if (places.some((place) => place.dataset.since)) stretch(chart, places);
};

const beside = (said, middle, width) => {
  said.style.left = `${Math.max(0, Math.min(middle - said.offsetWidth / 2, width - said.offsetWidth))}px`;
};

// A stretch over bars, or two fingers drawn apart, opens the days between: a new address, so «back» shows all again, and
// so do two fingers drawn together.
const ZOOMED = { ...OURS, zoomed: true };
const opens = (chart, first, last) => {
  const zoom = chart.closest("[data-zoom]");
  if (!zoom || !first.dataset.since) return;
  const address = new URL(zoom.dataset.zoom, location.href);
  address.searchParams.set("day", first.dataset.since);
  address.searchParams.set("last", last.dataset.until);
  if (first.dataset.since === last.dataset.until) address.searchParams.delete("step");
  const now = new URL(location.href).searchParams;
  if (now.get("day") === first.dataset.since && now.get("last") === last.dataset.until) return;
  go(address, { push: ZOOMED });
};

const stretch = (chart, places) => {
  const zoom = chart.closest("[data-zoom]");
  if (!zoom) return;
  const hint = document.querySelector(".hint");
  if (hint) hint.hidden = matchMedia("(pointer: coarse)").matches;
  const under = (x) => {
    const inside = places.findIndex((place) => x < place.getBoundingClientRect().right);
    return inside < 0 ? places.length - 1 : inside;
  };
  const mark = (first, last) =>
    places.forEach((place, index) => place.classList.toggle("taken", index >= first && index <= last));
  let from = null;
  const ends = ({ clientX }) =>
    from !== null && Math.abs(clientX - from) > FAR ? [under(Math.min(from, clientX)), under(Math.max(from, clientX))] : null;
  const stop = () => {
    from = null;
    mark(1, 0);
  };
  chart.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.button) from = event.clientX;
  });
  chart.addEventListener("pointermove", (event) => {
    if (!event.buttons) return stop(); // it was let go elsewhere
    const taken = ends(event);
    if (taken) mark(...taken);
  });
  chart.addEventListener("pointerup", (event) => {
    const taken = ends(event);
    stop();
    if (taken) opens(chart, places[taken[0]], places[taken[1]]);
  });
  chart.addEventListener("pointercancel", stop);
  pinch(chart, under, (first, last) => opens(chart, places[first], places[last]));
};

// Two fingers: what lay between them when they came down fills the chart when they are as far apart as its width.
const pinch = (chart, under, choose) => {
  let began = null;
  const ends = (event) => [...event.touches].map((touch) => touch.clientX).sort((one, other) => one - other);
  chart.addEventListener(
    "touchstart",
    (event) => {
      if (event.touches.length === 2) began = ends(event);
    },
    { passive: true },
  );
  chart.addEventListener(
    "touchmove",
    (event) => {
      if (began && event.touches.length === 2) {
        event.preventDefault();
        began.now = ends(event);
      }
    },
    { passive: false },
  );
  chart.addEventListener("touchend", () => {
    if (!began || !began.now) return;
    const grown = (began.now[1] - began.now[0]) / Math.max(1, began[1] - began[0]);
    const box = chart.getBoundingClientRect();
    const middle = (began[0] + began[1]) / 2;
    began = null;
    if (grown < 1.3) {
      if (grown < 0.77 && history.state?.zoomed) history.back();
      return;
    }
    const half = box.width / grown / 2;
    choose(under(Math.max(box.left, middle - half)), under(Math.min(box.right, middle + half)));
  });
};

// The line of a long period, by uPlot: fetched when it is needed, drawn over the bars that stand there without scripts.
const scripts = {};
const script = (address) =>
  (scripts[address] ??= new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = done;
    element.onerror = failed;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = address.replace("iife.min.js", "min.css").replace(/\?.*/, "");
    document.head.append(style, element);
  }));

const MWH = 1e6;
const drawn = []; // lines on the page: one that has left it listens to the window no longer
const UNSURE = ["estimated", "suspect", "power_off", "missing"];

const line = (box, found) => {
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const time = (options) => new Intl.DateTimeFormat(language, { timeZone: found.tz, ...options });
  const long = time({ weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
  const day = time({ weekday: "short", day: "numeric", month: "long" });
  const clock = time({ hour: "2-digit", minute: "2-digit" });
  const iso = new Intl.DateTimeFormat("sv", { timeZone: found.tz });
  const rows = found.rows;
  const starts = rows.map((row) => row[0]);
  const value = (one) => (one === null ? null : one / MWH);
  const colours = getComputedStyle(document.documentElement);
  const ink = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    box.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
  const [text, soft, grid] = [ink("--text"), ink("--edge"), ink("--grid")];
  const font = `12px ${colours.fontFamily}`;
  const bars = box.querySelector("[data-chart]");
  const holder = document.createElement("div");
  holder.className = "long";
  holder.tabIndex = 0;
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", bars.querySelector("title").textContent);
  const unit = document.createElement("p");
  unit.className = "chart-unit";
  unit.textContent = found.unit;
  const said = document.createElement("output");
  said.className = "say";
  said.hidden = true;
  holder.append(unit);
  box.prepend(holder);
  box.classList.add("lined");
  const told = box.querySelector(".told");
  if (told) told.textContent = found.told;

  const axis = { stroke: soft, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const months = time({ day: "numeric", month: "short" });
  const plot = new uPlot(
    {
      width: holder.clientWidth,
      height: 260,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), found.tz),
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { size: 6 } },
      scales: { y: { range: (_self, _least, most) => [0, most > 0 ? most * 1.05 : 1] } },
      axes: [
        { ...axis, values: (_self, splits) => splits.map((one) => months.format(one * 1000)), space: 72, size: 28 },
        { ...axis, size: 44, values: (_self, splits) => splits.map((one) => number.format(one)) },
      ],
      series: [
        {},
        { stroke: text, width: 1, fill: ink("--line"), spanGaps: false, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
        ...(found.whole ? [] : [{ stroke: soft, width: 1, spanGaps: false, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } }]),
      ],
      hooks: {
        setCursor: [(self) => choose(self.cursor.idx)],
        setSelect: [(self) => chosen(self.select)],
        drawClear: [(self) => gaps(self)],
      },
    },
    [starts, rows.map((row) => value(row[2])), ...(found.whole ? [] : [rows.map((row) => value(row[4]))])],
    holder,
  );
  holder.append(said);
  drawn.push(plot);

  const gaps = (self) => {
    const context = self.ctx;
    context.save();
    context.fillStyle = ink("--sunken");
    for (const row of rows) {
      if (row[5] !== "missing") continue;
      const left = self.valToPos(row[0], "x", true);
      context.fillRect(left, self.bbox.top, Math.max(2, self.valToPos(row[1], "x", true) - left), self.bbox.height);
    }
    context.restore();
  };
  const choose = (index) => {
    said.hidden = index === null || index === undefined;
    if (said.hidden) return;
    const [start, end, most, at, mean, state] = rows[index];
    const lines = [];
    if (found.whole) {
      lines.push(`${long.format(start * 1000)}–${clock.format(end * 1000)}`);
      lines.push(most === null ? found.states[state] : `${number.format(value(most))}\u202f${found.measure}`);
    } else {
      lines.push(end - start >= 80000 ? day.format(start * 1000) : `${long.format(start * 1000)}–${clock.format(end * 1000)}`);
      if (most !== null) lines.push(`${found.most}: ${number.format(value(most))}\u202f${found.measure}, ${clock.format(at * 1000)}`);
      if (mean !== null) lines.push(`${found.mean}: ${number.format(value(mean))}\u202f${found.measure}`);
    }
    if (UNSURE.includes(state) && most !== null) lines.push(found.states[state]);
    else if (most === null && !found.whole) lines.push(found.states[state]);
    said.textContent = lines.join("\n");
    beside(said, plot.valToPos(start, "x") + plot.over.offsetLeft, holder.clientWidth);
  };
  const chosen = (select) => {
    if (select.width < FAR) return;
    open(plot.posToVal(select.left, "x"), plot.posToVal(select.left + select.width, "x"));
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  };
  const open = (since, until) => {
    const place = (seconds) => iso.format(Math.min(Math.max(seconds, starts[0]), rows.at(-1)[1] - 1) * 1000);
    opens(holder, { dataset: { since: place(since) } }, { dataset: { until: place(until) } });
  };
  const left = () => plot.over.getBoundingClientRect().left;
  pinch(
    holder,
    (x) => plot.posToVal(x - left(), "x"),
    (since, until) => open(since, until),
  );
  let chosenAt = -1;
  holder.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) chosenAt = Math.min(Math.max(chosenAt + step, 0), rows.length - 1);
    else if (event.key === "Home") chosenAt = 0;
    else if (event.key === "End") chosenAt = rows.length - 1;
    else if (event.key === "Enter" && chosenAt >= 0) return open(rows[chosenAt][0], rows[chosenAt][1] - 1);
    else return;
    event.preventDefault();
    choose(chosenAt);
  });
  holder.addEventListener("blur", () => choose(null));
  new ResizeObserver(() => {
    if (holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: 260 });
  }).observe(holder);
};

whenShown((root) => {
  for (const chart of root.querySelectorAll("[data-chart]")) tell(chart);
});

whenShown((root) => {
  for (const plot of drawn.splice(0)) plot.root.isConnected ? drawn.push(plot) : plot.destroy();
  for (const box of root.querySelectorAll("[data-line]")) {
    Promise.all([fetch(box.dataset.line).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer))), script(box.dataset.uplot)])
      .then(([found]) => line(box, found))
      .catch(() => box.classList.add("failed")); // the bars and the table stand
  }
});

// Figures as SVG: drawn from an answer, each with a table behind it.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "text") node.textContent = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const MARGIN = { left: 44, right: 15, top: 10, bottom: 18 };

// Years below, powers or plain numbers at the left.
function frame(svg, { width, height, quarters, low, high, ticks, labelled }) {
  const x = (t) => MARGIN.left + (t / Math.max(1, quarters.length - 1)) * (width - MARGIN.left - MARGIN.right);
  const log = (v) => Math.log10(v);
  const y = (v) => height - MARGIN.bottom - ((log(v) - log(low)) / (log(high) - log(low))) * (height - MARGIN.top - MARGIN.bottom);
  for (const tick of ticks) {
    svg.append(shape("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(shape("text", { x: MARGIN.left - 5, y: y(tick) + 3.5, "text-anchor": "end", class: "tick" }, labelled(tick)));
  }
  const years = quarters.map((q, t) => [q, t]).filter(([q]) => q.endsWith("Q4"));
  const every = Math.ceil((years.length * 34) / (width - MARGIN.left));
  years.forEach(([q, t], i) => {
    if ((years.length - 1 - i) % every === 0) svg.append(shape("text", { x: x(t), y: height - 4, "text-anchor": "middle", class: "tick" }, q.slice(0, 4)));
  });
  return { x, y };
}

function line(points) {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// Courses with what 50 and 90% of draws lie in, now in colour and the base's median dashed.
function fan(svg, size, quarters, courses, { changed, end, anchors, labelled, label }) {
  const { width, height } = size;
  const shown = courses.flatMap(({ course }) => course.flatMap((n) => (changed ? [n.nowP05, n.nowP95, n.p50] : [n.p05, n.p95])));
  const known = shown.filter((v) => v > 0 && Number.isFinite(v));
  svg.replaceChildren(shape("title", {}, label));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (known.length === 0) { svg.append(shape("text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "tick" }, "nothing")); return; }
  let low = 10 ** Math.floor(Math.log10(Math.min(...known)));
  let high = 10 ** Math.ceil(Math.log10(Math.max(...known)));
  if (high / low > 1e9) low = high / 1e9;
  if (high <= low) high = low * 10;
  const ticks = [];
  for (let p = Math.ceil(Math.log10(low)); p <= Math.log10(high) + 1e-9; p += 1) ticks.push(10 ** p);
  const { x, y } = frame(svg, { width, height, quarters, low, high, ticks, labelled });
  const clip = (v) => y(Math.min(high, Math.max(low, v > 0 ? v : low)));
  for (const anchor of anchors || []) {
    if (anchor.value < low || anchor.value > high) continue;
    svg.append(shape("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(anchor.value), y2: y(anchor.value), class: "anchor" }));
    svg.append(shape("text", { x: MARGIN.left + 3, y: y(anchor.value) - 3, class: "tick" }, anchor.name));
  }
  svg.append(shape("line", { x1: x(end), x2: x(end), y1: MARGIN.top, y2: height - MARGIN.bottom, class: "cursor" }));
  for (const { course, colour, name } of courses) {
    const of = (n, key) => (changed ? n[`now${key}`] : n[key.charAt(0).toLowerCase() + key.slice(1)]);
    for (const [from, to] of [["P05", "P95"], ["P25", "P75"]]) {
      const up = course.map((n, t) => [x(t), clip(of(n, to))]);
      const down = course.map((n, t) => [x(t), clip(of(n, from))]).reverse();
      svg.append(shape("path", { d: `${line([...up, ...down])}Z`, class: `band ${colour}` }));
    }
    if (changed) svg.append(shape("path", { d: line(course.map((n, t) => [x(t), clip(n.p50)])), class: `course base ${colour}` }));
    svg.append(shape("path", { d: line(course.map((n, t) => [x(t), clip(of(n, "P50"))])), class: `course ${colour}` }));
    // The error of the simulation, apart from what nobody knows.
    const error = changed ? course[end].nowP50Error : course[end].p50Error;
    const middle = of(course[end], "P50");
    if (Number.isFinite(error) && middle > 0) {
      svg.append(shape("line", { x1: x(end), x2: x(end), y1: clip(middle - 2.36 * error), y2: clip(middle + 2.36 * error), class: `whisker ${colour}` }));
    }
    const last = course.length - 1;
    const at = clip(of(course[last], "P50"));
    svg.append(shape("text", { x: width - MARGIN.right - 3, y: at - 5, "text-anchor": "end", class: `name ${colour}` }, name));
  }
}

// Strips by year of what binds, one for the base and one for now.
const CAUSES = ["packaging", "memory", "wafers", "other goods", "power", "money", "routes", "rules", "chips", "interconnect", "data", "nothing"];
function strips(svg, size, years, actors, changed) {
  const { width, height } = size;
  svg.replaceChildren(shape("title", {}, "What binds, by actor and year"));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const rows = actors.flatMap((actor) => (changed ? [[actor, "base"], [actor, "now"]] : [[actor, "base"]]));
  const labels = rows.map(([actor, side]) => (changed ? `${actor.short} ${side}` : actor.short));
  const wide = (text) => 6.2 * text.length;
  const left = 8 + Math.max(...labels.map(wide));
  // The legend takes as many lines as its words need.
  const present = CAUSES.filter((cause) => actors.some((a) => a.bound.some((y) => (y.base.get(cause) || 0) + (y.now.get(cause) || 0) > 0)));
  const legend = [];
  for (const cause of present) {
    const last = legend[legend.length - 1];
    const next = last ? last.x + 12 + wide(last.cause) + 8 : 0;
    const fits = last && next + 12 + wide(cause) <= width;
    legend.push({ cause, x: fits ? next : 0, line: last ? last.line + (fits ? 0 : 1) : 0 });
  }
  const below = legend.length > 0 ? 14 * (legend[legend.length - 1].line + 1) : 0;
  const rowHeight = (height - below - 18) / rows.length;
  const column = (width - left - 4) / years.length;
  rows.forEach(([actor, side], r) => {
    const y = 2 + r * rowHeight;
    svg.append(shape("text", { x: left - 5, y: y + rowHeight / 2 + 3, "text-anchor": "end", class: "tick" }, labels[r]));
    years.forEach((year, i) => {
      let done = 0;
      for (const cause of CAUSES) {
        const share = actor.bound[i][side].get(cause) || 0;
        if (share === 0) continue;
        const box = shape("rect", { x: left + i * column, y: y + done * (rowHeight - 3), width: column - 2, height: share * (rowHeight - 3), class: `cause c${CAUSES.indexOf(cause)}` });
        box.append(shape("title", {}, `${actor.name}, ${year}, ${side}: ${cause} in ${percent(share)} of draws`));
        svg.append(box);
        done += share;
      }
      if (r === rows.length - 1) svg.append(shape("text", { x: left + i * column + column / 2, y: height - below - 5, "text-anchor": "middle", class: "tick" }, String(year).slice(2)));
    });
  });
  for (const { cause, x, line } of legend) {
    const y = height - below + 14 * line;
    svg.append(shape("rect", { x, y: y + 1, width: 9, height: 9, class: `cause c${CAUSES.indexOf(cause)}` }));
    svg.append(shape("text", { x: x + 12, y: y + 9, class: "tick" }, cause));
  }
}

// Bars: the median now, as wide as it is, with what 90% of draws lie in, above an outline of the base's.
function bars(svg, size, rows, { changed, label, labelled }) {
  const { width, height } = size;
  svg.replaceChildren(shape("title", {}, label));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const known = rows.filter((row) => Number.isFinite(row.numbers.p50));
  const most = Math.max(...known.flatMap(({ numbers: n }) => (changed ? [n.nowP95, n.p95] : [n.p95])), 0);
  if (!(most > 0)) { svg.append(shape("text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "tick" }, "nothing")); return; }
  const left = Math.min(0.42 * width, 8 + 5.4 * Math.max(...known.map((row) => row.name.length)));
  const x = (v) => left + (Math.max(0, v) / most) * (width - left - 46);
  const step = height / known.length;
  known.forEach(({ name, numbers: n }, i) => {
    const [low, middle, high] = changed ? [n.nowP05, n.nowP50, n.nowP95] : [n.p05, n.p50, n.p95];
    const y = i * step;
    svg.append(shape("text", { x: left - 5, y: y + step / 2 + 3.5, "text-anchor": "end", class: "tick" }, name));
    const bar = shape("rect", { x: left, y: y + 0.2 * step, width: Math.max(0.5, x(middle) - left), height: 0.6 * step, class: "bar" });
    bar.append(shape("title", {}, `${name}: ${labelled(middle)}, in nine draws of ten ${labelled(low)} to ${labelled(high)}; base ${labelled(n.p50)}`));
    svg.append(bar);
    if (changed) svg.append(shape("rect", { x: left, y: y + 0.1 * step, width: Math.max(0.5, x(n.p50) - left), height: 0.8 * step, class: "bar before" }));
    svg.append(shape("line", { x1: x(low), x2: x(high), y1: y + step / 2, y2: y + step / 2, class: "spread" }));
    svg.append(shape("text", { x: x(high) + 4, y: y + step / 2 + 3.5, class: "tick" }, labelled(middle)));
  });
}

// A table of rows; the first column heads the row.
function table(caption, head, rows) {
  return element("table", {},
    element("caption", { text: caption }),
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col", text })))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((text, i) => (i === 0 ? element("th", { scope: "row", text }) : element("td", { text })))))));
}

// Rows as comma-separated values.
function csvOf(head, rows) {
  const quoted = (x) => {
    const text = typeof x === "number" ? (Number.isFinite(x) ? String(x) : "") : String(x);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

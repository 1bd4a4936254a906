/* The supply chain by stage, the rules' timeline, the assumptions, and every figure's data. */

const SVG = 'http://www.w3.org/2000/svg';
function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const STAGES = [['tool', 'tools'], ['facility', 'facilities'], ['good', 'goods'], ['chip', 'chips'], ['buyer', 'buyers'], ['lab', 'labs']];
const DRAWN = ['equips', 'makes', 'feeds', 'sells', 'owns', 'rents'];

FIGURES.graph = (figure) => () => {
  retitle(figure, '');
  const edges = rows('edges').filter((e) => DRAWN.includes(e.kind));
  const linked = new Set(edges.flatMap((e) => [e.from, e.to]));
  const nodes = rows('nodes').filter((n) => STAGES.some(([kind]) => kind === n.kind) && linked.has(n.node));
  const used = rows('facilities', { policy: shown.policy, metric: 'utilisation' });
  const made = rows('facilities', { policy: shown.policy, metric: 'capacity' });
  const last = distinct(used.map((r) => r.quarter)).sort().pop();
  const at = (list, node) => list.find((r) => r.actor === node && r.quarter === last);
  const binding = new Map();
  const bound = rows('bound', { policy: shown.policy, subject_kind: 'chip' });
  const end = distinct(bound.map((r) => r.quarter)).sort().pop();
  for (const r of bound) {
    if (r.quarter === end && r.cause.startsWith('good.')) binding.set(r.cause, Math.max(r.share, binding.get(r.cause) || 0));
  }
  const lanes = STAGES.map(([kind]) => nodes.filter((n) => n.kind === kind));
  const step = 21;
  const height = 60 + step * Math.max(...lanes.map((l) => l.length));
  const width = 1120;
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, class: 'chain' });
  /* Its nodes can be reached by keyboard: it is a group of pictures. */
  figure.place.setAttribute('role', 'group');
  const places = new Map();
  const gap = (width - 170) / (STAGES.length - 1);
  lanes.forEach((lane, i) => {
    const x = 12 + i * gap;
    svg.append(shape('text', { x, y: 14, class: 'head' }, STAGES[i][1]));
    const room = (height - 50) / Math.max(lane.length, 1);
    lane.forEach((n, k) => places.set(n.node, { x, y: 34 + room * (k + 0.5), n }));
  });
  const paths = edges.filter((e) => places.has(e.from) && places.has(e.to)).map((e) => {
    const a = places.get(e.from);
    const b = places.get(e.to);
    const middle = (a.x + b.x) / 2;
    const path = shape('path', { d: `M${a.x} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}` });
    svg.append(path);
    return { path, from: e.from, to: e.to };
  });
  const marks = new Map();
  for (const [id, { x, y, n }] of places) {
    const group = shape('g', { class: 'node', tabindex: '0', role: 'img' });
    const use = at(used, id);
    const capacity = at(made, id);
    const share = binding.get(id);
    const radius = n.kind === 'facility' && use ? 3 + 6 * Math.min(1, use.p50) : 5;
    const fill = share !== undefined ? mix(share) : n.kind === 'good' ? mix(0) : colour('sky');
    const words = [`${n.kind} ${name(id)}${n.country ? ', ' + name('country.' + n.country) : ''}`];
    if (capacity) words.push(`capacity ${number(capacity.p50)} ${capacity.unit} (90%: ${number(capacity.p05)} to ${number(capacity.p95)}), end of ${last.slice(0, 4)}`);
    if (use) words.push(`used: ${percent(use.p50)}`);
    if (share !== undefined) words.push(`binds a chip's production in up to ${percent(share)} of draws`);
    const note = share !== undefined ? `${name(id)} · ${percent(share)}` : capacity && n.kind === 'facility' ? `${name(id)} · ${number(capacity.p50)}` : name(id);
    group.setAttribute('aria-label', words.join(', '));
    group.append(shape('title', {}, words.join('\n')), shape('circle', { cx: x, cy: y, r: radius, fill, stroke: colour('grey'), 'stroke-width': 0.6 }), shape('text', { x: x + 12, y: y + 4 }, note));
    svg.append(group);
    marks.set(id, group);
    const pick = () => focusOn(svg, id, paths, marks);
    group.addEventListener('mouseenter', pick);
    group.addEventListener('focus', pick);
    group.addEventListener('mouseleave', () => svg.classList.remove('picked'));
    group.addEventListener('blur', () => svg.classList.remove('picked'));
  }
  const box = document.createElement('div');
  box.className = 'scroll';
  const inner = document.createElement('div');
  inner.style.minWidth = '60rem';
  inner.append(svg);
  box.append(inner);
  figure.place.replaceChildren(box);
  legend(figure, [[mix(0), 'binds never'], [mix(0.5), 'in half of draws'], [mix(1), 'always'], [colour('sky'), 'everything else']]);
};

/* From a pale to a full red: how often a good binds. */
function mix(share) {
  const part = (from, to) => Math.round(from + (to - from) * share);
  return `rgb(${part(250, 200)}, ${part(230, 60)}, ${part(215, 0)})`;
}

function focusOn(svg, id, paths, marks) {
  svg.classList.add('picked');
  const near = new Set([id]);
  for (const p of paths) {
    const touches = p.from === id || p.to === id;
    p.path.classList.toggle('near', touches);
    if (touches) near.add(p.from).add(p.to);
  }
  for (const [node, group] of marks) group.classList.toggle('near', near.has(node));
}

FIGURES.timeline = (figure) => () => {
  retitle(figure, '');
  /* The figure ends with the horizon; a rule of no day within it is one that only a shock or a policy puts in force. */
  const end = (PAGE.run.end || '2030Q4').slice(0, 4) + '-12-31';
  const dated = rows('rules').filter((r) => r.effective && r.effective <= end).sort((a, b) => (a.effective < b.effective ? 1 : -1));
  const start = dated.length ? dated[dated.length - 1].effective : end.slice(0, 4) + '-01-01';
  const waiting = rows('rules').filter((r) => !r.effective || r.effective > end);
  const all = waiting.concat(dated);
  const until = (r) => (r.until && r.until < end ? r.until : end);
  const label = (r) => plain(r.title || r.rule);
  const issuers = distinct(all.map((r) => r.issuer));
  const traces = issuers.flatMap((issuer, i) => {
    const list = dated.filter((r) => r.issuer === issuer);
    const idle = waiting.filter((r) => r.issuer === issuer);
    const dots = [[], []];
    for (const r of idle) {
      dots[0].push(start, end, null);
      dots[1].push(r.rule, r.rule, null);
    }
    const x = [];
    const y = [];
    for (const r of list) {
      x.push(r.effective, until(r), null);
      y.push(r.rule, r.rule, null);
    }
    const text = list.map((r) => `${label(r)}<br>${plain(name('country.' + r.issuer))}, ${r.subject}: ${r.effect}<br>${r.effective} to ${r.until || 'no end'}<br>${plain(r.source)}`);
    const early = list.filter((r) => r.announced && r.announced < r.effective);
    return [
      { x, y, mode: 'lines', name: plain(name('country.' + issuer)), line: { color: hue(i), width: 8 }, hoverinfo: 'skip' },
      { x: list.map((r) => r.effective), y: list.map((r) => r.rule), mode: 'markers', marker: { color: hue(i), size: 10, symbol: 'line-ns', line: { color: hue(i), width: 3 } }, text, hoverinfo: 'text', showlegend: false },
      { x: early.map((r) => r.announced), y: early.map((r) => r.rule), mode: 'markers', marker: { color: colour('paper'), size: 8, line: { color: hue(i), width: 2 } }, hoverinfo: 'text', text: early.map((r) => `${label(r)}<br>announced ${r.announced}`), showlegend: false },
      { x: dots[0], y: dots[1], mode: 'lines', line: { color: hue(i), width: 2, dash: 'dot' }, hoverinfo: 'text', text: idle.flatMap((r) => { const t = `${label(r)}<br>in force only if a shock or a policy makes it so<br>${plain(r.source)}`; return [t, t, '']; }), showlegend: false },
    ];
  });
  draw(figure, traces, {
    height: 90 + 24 * all.length,
    xaxis: axis({ type: 'date', title: { text: 'year' }, range: [start, end], dtick: 'M12', tickformat: '%Y' }),
    yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: all.map((r) => r.rule), tickmode: 'array', tickvals: all.map((r) => r.rule), ticktext: all.map((r) => short(r.title || r.rule, narrow() ? 22 : 60)), tickfont: { size: narrow() ? 9 : 12 } }),
  });
};

/* A table of plain text cells. */
function fill(table, columns, list) {
  const head = document.createElement('thead');
  const line = document.createElement('tr');
  for (const c of columns) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = c;
    line.append(cell);
  }
  head.append(line);
  const body = document.createElement('tbody');
  for (const r of list) {
    const row = document.createElement('tr');
    for (const c of columns) {
      const cell = document.createElement('td');
      const value = r[c];
      cell.textContent = value === null || value === undefined ? '' : typeof value === 'number' ? number(value) : value;
      row.append(cell);
    }
    body.append(row);
  }
  table.replaceChildren(head, body);
}

/* A distribution drawn small: its density between quantiles. */
const LEVELS = [['p01', 0.01], ['p05', 0.05], ['p10', 0.1], ['p25', 0.25], ['p50', 0.5], ['p75', 0.75], ['p90', 0.9], ['p95', 0.95], ['p99', 0.99]];
function small(row) {
  const width = 110;
  const height = 24;
  const svg = shape('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' });
  svg.append(shape('title', {}, `5%: ${number(row.p05)}, median: ${number(row.p50)}, 95%: ${number(row.p95)}`));
  const low = row.p01;
  const high = row.p99;
  if (!(high > low)) {
    svg.append(shape('line', { x1: width / 2, x2: width / 2, y1: 4, y2: height - 2, stroke: colour('grey'), 'stroke-width': 2 }));
    return svg;
  }
  /* Wide positive ones are read on a log scale. */
  const log = low > 0 && high / low > 10;
  const scale = (v) => (log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low));
  const at = LEVELS.map(([q, p]) => [scale(row[q]), p]);
  const bars = [];
  for (let i = 1; i < at.length; i++) {
    const wide = Math.max(at[i][0] - at[i - 1][0], 0.015);
    bars.push([Math.min(at[i - 1][0], 1 - wide), wide, (at[i][1] - at[i - 1][1]) / wide]);
  }
  const most = Math.max(...bars.map((b) => b[2]));
  for (const [x, wide, tall] of bars) {
    const h = Math.max(1, (tall / most) * (height - 4));
    svg.append(shape('rect', { x: (x * width).toFixed(1), y: (height - h).toFixed(1), width: Math.max(wide * width, 1).toFixed(1), height: h.toFixed(1), fill: colour('blue'), 'fill-opacity': 0.55 }));
  }
  const middle = scale(row.p50) * width;
  svg.append(shape('line', { x1: middle, x2: middle, y1: 0, y2: height, stroke: colour('ink'), 'stroke-width': 1.2 }));
  return svg;
}

/* Numbers of one path: a row, whose points are those of a series. The most important come first: those that explain most of some
   cell beyond what chance would show, then as the scenario has them. */
function series() {
  const weights = new Map();
  const { columns, length } = dataset('drivers');
  for (let i = 0; i < length; i++) {
    const beyond = columns.index[i] > columns.noise_floor[i] ? columns.index[i] : 0;
    const known = weights.get(columns.path[i]);
    if (beyond > 0 && (!known || known.share < beyond)) weights.set(columns.path[i], { share: beyond, cell: columns.cell[i] });
  }
  const all = new Map();
  for (const r of rows('quantities')) {
    if (!all.has(r.path)) all.set(r.path, { path: r.path, points: [], weight: weights.get(r.path) });
    all.get(r.path).points.push(r);
  }
  const share = (s) => (s.weight ? s.weight.share : 0);
  return [...all.values()].sort((a, b) => share(b) - share(a));
}

const STEP = 40;
function assumptions() {
  const root = document.getElementById('figure-assumptions');
  if (!root) return;
  const all = series();
  const search = document.getElementById('search');
  const fixed = document.getElementById('fixed');
  const more = document.getElementById('more');
  const body = root.querySelector('tbody');
  const texts = all.map((s) => s.points.map((r) => [r.path, inputName(r.path), r.date, r.written, r.grade, r.source, r.note, r.edited_by].join(' ')).join(' ').toLowerCase());
  const open = (s) => s.points.some((r) => r.p01 !== r.p99) || s.points.length > 1;
  let limit = STEP;
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((s, i) => (fixed.checked || open(s)) && words.every((w) => texts[i].includes(w)));
    document.getElementById('found').textContent = found.length === 0 ? 'none found' : '';
    body.replaceChildren(...found.slice(0, limit).map(quantityRow));
    more.hidden = found.length <= limit;
    root.dataset.found = found.length;
  };
  search.addEventListener('input', () => { limit = STEP; show(); });
  fixed.addEventListener('change', show);
  more.addEventListener('click', () => { limit += 4 * STEP; show(); });
  show();
  return show;
}

function element(tag, kind, ...content) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...content);
  return made;
}

/* A row a series. On a phone each cell stands on its own line, behind its column's name. */
function quantityRow({ path, points, weight }) {
  const line = document.createElement('tr');
  const [first, last] = [points[0], points[points.length - 1]];
  const cell = (head, kind, ...content) => {
    const td = element('td', kind, ...content);
    td.dataset.head = head;
    line.append(td);
  };
  const named = element('div', '', inputName(path));
  cell('Quantity', 'what', named, element('div', 'path', path));
  if (weight) named.append(element('div', 'weight', `explains ${percent(weight.share)} of ${cellName(weight.cell)}`));
  const range = (r) => (r.p05 === r.p95 ? number(r.p50) : `${number(r.p50)} (${number(r.p05)} to ${number(r.p95)})`);
  const unit = last.unit === '1' ? '' : ' ' + last.unit;
  const values = points.length === 1
    ? [element('div', '', range(first) + unit)]
    : (points.length <= 4 ? points : [first, points[points.length >> 1], last]).map((r) => element('div', '', element('span', 'soft', r.date.slice(0, 7) + ' '), range(r) + unit));
  if (points.length > 4) values.push(element('div', 'soft', `and ${points.length - 3} dates more`));
  cell('Median (90%)', 'n', ...values);
  cell('Can be', 'drawing', small(last));
  cell('Grade', '', element('span', 'grade ' + (['published', 'derived', 'judgement'].includes(last.grade) ? last.grade : ''), last.grade || 'not said'));
  const said = distinct(points.map((r) => [r.source, r.note].filter(Boolean).join('; ')).filter(Boolean)).join('; ');
  const source = said + (last.edited_by ? ` (edited by ${last.edited_by})` : '');
  const start = source.length > 260 ? source.slice(0, 220).replace(/\s\S*$/, '') : source;
  const rest = start === source ? [] : [element('details', '', element('summary', '', 'all of it'), source)];
  cell('Source', 'source', start + (rest.length ? ' …' : ''), ...rest);
  return line;
}

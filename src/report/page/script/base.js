'use strict';
/* What every figure uses: the data, colours, numbers for people, choices, drawing. */

const PAGE = JSON.parse(document.getElementById('data').textContent);
const MAX_PREVIEW = 200;

/* A dataset's columns as plain arrays. */
const opened = new Map();
function dataset(id) {
  if (!opened.has(id)) {
    const packed = PAGE.data[id];
    const columns = {};
    let length = 0;
    if (packed) {
      for (const [name, column] of Object.entries(packed.columns)) {
        columns[name] = Array.isArray(column) ? column : column.at.map((i) => column.words[i]);
        length = columns[name].length;
      }
    }
    opened.set(id, { table: packed ? packed.table : '', columns, length });
  }
  return opened.get(id);
}

/* Rows of a dataset, as objects, whose columns have the values given. */
function rows(id, wanted) {
  const { columns, length } = dataset(id);
  const tests = Object.entries(wanted || {});
  const found = [];
  for (let i = 0; i < length; i++) {
    if (tests.every(([name, value]) => columns[name] && columns[name][i] === value)) {
      const row = {};
      for (const name in columns) row[name] = columns[name][i];
      found.push(row);
    }
  }
  return found;
}

function distinct(values) {
  return [...new Set(values)];
}

/* The policy shown: the first one, unless the reader chose another. */
const shown = { policy: PAGE.run.policies[0] };

/* Names as people write them: titles of the scenario; of the rest, countries are capitalised and everything else keeps its id. */
function name(actor) {
  if (Object.hasOwn(PAGE.run.names, actor)) return PAGE.run.names[actor];
  if (actor === 'world') return 'the world';
  const dot = actor.indexOf('.');
  const kind = dot < 0 ? '' : actor.slice(0, dot);
  const id = actor.slice(dot + 1);
  if (kind !== 'country') return id;
  if (id.length <= 3) return id.toUpperCase();
  return id.split('-').map((w) => w.charAt(0).toUpperCase() + w.slice(1)).join(' ');
}

/* A cell as people name it: `country.china/reachable_flop@2030Q4` is "China: largest possible run, 2030Q4". */
function cellName(cell) {
  const [, actor, metric, quarter] = /^(.*?)\/(.*)@(.*)$/.exec(cell) || ['', '', '', ''];
  if (!actor) return cell;
  const who = name(actor).replace(/^the /, 'The ');
  return `${who}: ${metricName(metric)}, ${quarter}`;
}
function metricName(metric) {
  return Object.hasOwn(PAGE.run.metrics, metric) ? PAGE.run.metrics[metric] : metric.replace(/_/g, ' ');
}

/* An input as people name it: `lab.openai.rent_budget` is "OpenAI: rent budget". */
function inputName(path) {
  const [table, id, ...rest] = path.split('.');
  if (id === '*' && rest.length) return `all ${table}s: ${rest.join(' ').replace(/[_-]/g, ' ')}`;
  const title = PAGE.run.names[`${table}.${id}`];
  const words = (parts) => parts.join(' ').replace(/[_-]/g, ' ');
  if (!title) return words(path.split('.'));
  return rest.length ? `${title}: ${words(rest)}` : title;
}

/* A policy as people name it. */
function policyName(policy) {
  if (policy === 'base') return 'as things stand';
  const title = PAGE.run.titles[policy];
  /* Two of one title stay two. */
  const alike = Object.values(PAGE.run.titles).filter((other) => other === title).length;
  return !title ? policy : alike > 1 ? `${title} (${policy})` : title;
}

/* plotly reads a little markup in labels: a name must stay a name. */
function plain(text) {
  return String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/* A label in up to three lines that fit beside a figure; what is longer is cut where a word ends. */
function wrapped(text, most, rows) {
  const width = most || (narrow() ? 19 : 44);
  const lines = [''];
  for (const word of String(text).split(' ')) {
    const last = lines[lines.length - 1];
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? last + ' ' + word : word;
  }
  const room = rows || (narrow() ? 3 : 2);
  const kept = lines.slice(0, room).map((l) => (l.length > width + 6 ? l.slice(0, width + 5) + '…' : l));
  if (lines.length > room) kept[room - 1] += ' …';
  return kept.map(plain).join('<br>');
}

/* A label of one line. */
function short(text, most) {
  return plain(text.length > most ? text.slice(0, most - 1) + '…' : text);
}

/* A category axis of names; ids keep apart what is called alike. */
function nameAxis(ids, label, more) {
  const size = narrow() ? 10 : 12;
  return axis(Object.assign({
    type: 'category', categoryorder: 'array', categoryarray: ids, tickmode: 'array', tickvals: ids, ticktext: ids.map((id) => wrapped(label(id))),
    tickfont: { size }, range: [-0.7, ids.length - 0.3],
  }, more));
}
/* How high a row of such an axis is. */
const rowHeight = (ids, label) => (ids.some((id) => wrapped(label(id)).split('<br>').length > 2) ? 42 : ids.some((id) => wrapped(label(id)).includes('<br>')) ? 32 : 25);

/* A number in three significant digits, as the terminal writes it. */
function number(x) {
  if (x === null || x === undefined || !Number.isFinite(x)) return '–';
  const size = Math.abs(x);
  const digits = (y) => Number(y.toPrecision(3));
  if (size === 0) return '0';
  if (size >= 1e15 || size < 1e-3) return x.toExponential(1).replace('e+', 'e');
  for (const [from, unit, suffix] of [[1e12, 1e12, 'T'], [1e9, 1e9, 'B'], [1e6, 1e6, 'M'], [1e4, 1e3, 'k']]) {
    if (digits(size) >= from) return String(digits(x / unit)) + suffix;
  }
  return digits(size) >= 1e3 ? x.toFixed(0) : String(digits(x));
}
/* A number that is exactly what it is: a tick, a threshold. */
function tick(x) {
  return number(x).replace('.0e', 'e');
}
function percent(p) {
  if (p === null || p === undefined) return '–';
  if (p === 0 || p === 1) return 100 * p + '%';
  if (p < 0.005) return '<1%';
  if (p > 0.995) return '>99%';
  return Math.round(100 * p) + '%';
}

function colour(nameOf) {
  return getComputedStyle(document.documentElement).getPropertyValue('--' + nameOf).trim();
}
const HUES = ['blue', 'red', 'green', 'amber', 'pink', 'sky', 'grey'];
function hue(i) {
  return colour(HUES[i % HUES.length]);
}
function faded(hex, opacity) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${opacity})`;
}

/* A colour as it looks on the page's paper, with nothing shining through. */
function onPaper(hex, opacity) {
  const paper = parseInt(colour('paper').slice(1), 16);
  const n = parseInt(hex.slice(1), 16);
  const part = (shift) => Math.round(((n >> shift) & 255) * opacity + ((paper >> shift) & 255) * (1 - opacity));
  return '#' + [16, 8, 0].map((shift) => part(shift).toString(16).padStart(2, '0')).join('');
}
/* Black or white, whichever is read more easily on a colour. */
function inkOn(hex) {
  const n = parseInt(hex.slice(1), 16);
  const light = [16, 8, 0].map((shift) => ((n >> shift) & 255) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}
/* Numbers on the cells of a heatmap, each in the ink that its cell asks for; `share` is how full a cell's colour is. */
function numbersOn(xs, ys, label, share, hex, low) {
  const x = [];
  const y = [];
  const text = [];
  const ink = [];
  ys.forEach((b, j) => xs.forEach((a, i) => {
    if (!label(i, j)) return;
    x.push(a);
    y.push(b);
    text.push(label(i, j));
    ink.push(inkOn(onPaper(hex, low + (1 - low) * Math.max(0, Math.min(1, share(i, j))))));
  }));
  return { type: 'scatter', mode: 'text', x, y, text, textfont: { color: ink, size: 12 }, hoverinfo: 'skip', showlegend: false };
}

const narrow = () => window.innerWidth < 640;

/* An axis's and a figure's common look. */
function axis(more) {
  return Object.assign(
    { gridcolor: colour('line'), linecolor: colour('line'), zeroline: false, automargin: true, fixedrange: false, title: { standoff: 8 } },
    more,
  );
}
function layout(more) {
  return Object.assign(
    {
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif', size: 12, color: colour('ink') },
      margin: { l: 12, r: 12, t: 12, b: 12 },
      height: 400,
      hovermode: 'closest',
      hoverlabel: { bgcolor: colour('panel'), bordercolor: colour('line'), font: { color: colour('ink') }, align: 'left' },
      legend: { orientation: 'h', x: 0, y: 1, yanchor: 'bottom' },
      showlegend: true,
    },
    more,
  );
}
/* An axis of quarters whose ticks stand at years, at the first quarter that there is of each. */
function yearAxis(quarters, more) {
  const all = distinct(quarters).sort();
  const first = all.filter((q, i) => i === 0 || q.slice(0, 4) !== all[i - 1].slice(0, 4));
  const step = Math.ceil(first.length / (narrow() ? 5 : 12));
  const shown = first.filter((q, i) => i % step === 0);
  return axis(Object.assign({
    title: { text: 'year' }, type: 'category', categoryorder: 'array', categoryarray: all,
    tickmode: 'array', tickvals: shown, ticktext: shown.map((q) => q.slice(0, 4)),
  }, more));
}

/* A log axis whose labels are written as the numbers elsewhere: 1e25, 1e26, or 1k, 10k. */
function logAxis(title, values, more) {
  const positive = values.filter((v) => v > 0 && Number.isFinite(v));
  const low = Math.log10(Math.min(...positive));
  const high = Math.log10(Math.max(...positive));
  const span = high - low;
  // Labels of a small screen have room for half as many.
  const steps = narrow() ? (span < 1.2 ? [1, 2, 5] : span < 2 ? [1, 3] : [1]) : span < 1.2 ? [1, 2, 3, 5, 7] : span < 3 ? [1, 3] : [1];
  const decades = span > 12 ? 3 : 1;
  const ticks = [];
  for (let d = Math.floor(low) - 1; d <= high + 1; d += decades) {
    for (const s of steps) ticks.push(s * 10 ** d);
  }
  return axis(Object.assign({
    type: 'log', range: [low - 0.06 * span - 0.03, high + 0.06 * span + 0.03],
    tickmode: 'array', tickvals: ticks, ticktext: ticks.map(tick), title: { text: title, standoff: 8 },
  }, more));
}

/* A plain axis whose labels are written as the numbers elsewhere. */
function plainAxis(title, values, more) {
  const known = values.filter((v) => Number.isFinite(v));
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  const span = high - low || 1;
  const rough = span / (narrow() ? 3 : 6);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high + 1e-9 * span; i++) ticks.push(Number((i * step).toPrecision(12)));
  return axis(Object.assign({
    range: [low - 0.04 * span, high + 0.04 * span], tickmode: 'array', tickvals: ticks, ticktext: ticks.map(tick), title: { text: title, standoff: 8 },
    zeroline: true, zerolinecolor: colour('grey'),
  }, more));
}

function draw(figure, traces, about) {
  const place = figure.place;
  const known = place.querySelector('.empty');
  if (known) known.remove();
  if (!traces.length) {
    Plotly.purge(place);
    const text = document.createElement('p');
    text.className = 'empty';
    text.textContent = 'Nothing to draw for this choice.';
    place.replaceChildren(text);
    return;
  }
  Plotly.react(place, traces, layout(about), { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false });
}

/* A choice above a figure; gives a function that says what is chosen. */
function choice(figure, label, options, first, changed) {
  const box = document.createElement('label');
  box.append(label + ' ');
  const select = document.createElement('select');
  const groups = new Map();
  for (const option of options) {
    const item = document.createElement('option');
    item.value = option.value;
    item.textContent = option.label;
    if (option.group) {
      if (!groups.has(option.group)) {
        const group = document.createElement('optgroup');
        group.label = option.group;
        groups.set(option.group, group);
        select.append(group);
      }
      groups.get(option.group).append(item);
    } else {
      select.append(item);
    }
  }
  if (options.some((o) => o.value === first)) select.value = first;
  select.addEventListener('change', changed);
  box.append(select);
  figure.controls.append(box);
  return () => select.value;
}

/* A cell, chosen by metric, actor and quarter; what the dataset has not got falls back to what it has. */
function cellChoice(figure, id, first, redraw) {
  const { columns, length } = dataset(id);
  const cells = new Set();
  for (let i = 0; i < length; i++) cells.add(`${columns.actor[i]}/${columns.metric[i]}@${columns.quarter[i]}`);
  const [, actor, metric, quarter] = /^(.*?)\/(.*)@(.*)$/.exec(first) || ['', '', '', ''];
  const options = (list) => list.map((v) => ({ value: v, label: v }));
  const parts = [
    choice(figure, 'Metric', distinct(columns.metric).map((v) => ({ value: v, label: metricName(v) })), metric, redraw),
    choice(figure, 'of', actorOptions(distinct(columns.actor)), actor, redraw),
    choice(figure, 'in', options(distinct(columns.quarter).sort()), quarter, redraw),
  ];
  return () => {
    const wanted = `${parts[1]()}/${parts[0]()}@${parts[2]()}`;
    return cells.has(wanted) ? wanted : '';
  };
}

const KINDS = { lab: 'labs', country: 'countries', group: 'groups of countries', world: 'world', chip: 'chips', designer: 'designers', buyer: 'buyers', ratio: 'ratios' };
function actorOptions(actors) {
  return actors.map((a) => {
    const kind = a.split('.')[0];
    return { value: a, label: name(a), group: KINDS[kind] || kind };
  });
}

/* Sets a figure's title, and its text alternative, to what is chosen. */
function retitle(figure, chosen) {
  const key = chosen ? shown.policy + '|' + chosen : shown.policy;
  const first = chosen ? PAGE.run.policies[0] + '|' + chosen : PAGE.run.policies[0];
  const found = key in figure.about.titles ? key : first;
  if (!(found in figure.about.titles)) {
    figure.heading.textContent = chosen.split('|').map(cellName).join(' against ');
    figure.place.setAttribute('aria-label', figure.heading.textContent + ' ' + figure.about.about);
    return;
  }
  figure.heading.innerHTML = figure.about.titles[found];
  figure.place.setAttribute('aria-label', figure.heading.textContent + ' ' + figure.about.about);
}

/* Drawing functions by a figure's name: each sets up its choices and gives a function that draws. */
const FIGURES = {};

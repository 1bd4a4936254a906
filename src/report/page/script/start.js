/* Puts the figures on the page, and draws them again when policy, size, or light changes. */

function csvCell(value) {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/* Hands a file to the reader. */
function handOver(blob, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/* Lines of a text as wide as there is room for. */
function linesOf(text, width, font) {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = font;
  const lines = [''];
  for (const word of text.trim().split(/\s+/)) {
    const longer = lines[lines.length - 1] ? lines[lines.length - 1] + ' ' + word : word;
    if (lines[lines.length - 1] && pen.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/* What a figure is made of where it stands alone: its title, its legend, the drawing, how it is read and where it comes from. */
async function standing(figure) {
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
  const box = figure.place.getBoundingClientRect();
  let inner = figure.place.querySelector('svg.chain');
  let [width, height] = [Math.round(box.width), Math.round(box.height)];
  if (inner) {
    [, , width, height] = inner.getAttribute('viewBox').split(' ').map(Number);
    const copy = inner.cloneNode(true);
    const looks = ['fill', 'fill-opacity', 'stroke', 'stroke-opacity', 'stroke-width', 'font-family', 'font-size', 'font-weight', 'opacity'];
    const [from, to] = [inner.querySelectorAll('*'), copy.querySelectorAll('*')];
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      to[i].setAttribute('style', looks.map((l) => `${l}:${style.getPropertyValue(l)}`).join(';'));
    });
    inner = copy;
  } else {
    const address = await Plotly.toImage(figure.place, { format: 'svg', width, height });
    inner = new DOMParser().parseFromString(decodeURIComponent(address.slice(address.indexOf(',') + 1)), 'image/svg+xml').documentElement;
  }
  const whole = shape('svg', { xmlns: SVG, width: width + 32 });
  const paper = shape('rect', { x: 0, y: 0, width: '100%', height: '100%', fill: colour('paper') });
  whole.append(paper);
  let y = 12;
  const say = (text, size, weight, fill) => {
    for (const line of linesOf(text, width, `${weight} ${size}px ${FONT}`)) {
      y += size * 1.35;
      whole.append(shape('text', { x: 16, y, fill, 'font-family': FONT, 'font-size': size, 'font-weight': weight }, line));
    }
  };
  say(figure.heading.textContent, 16, 600, colour('ink'));
  const signs = [...figure.root.querySelectorAll('.legend > span')];
  if (signs.length) {
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = `12px ${FONT}`;
    let x = 16;
    y += 24;
    for (const sign of signs) {
      const wide = pen.measureText(sign.textContent).width + 34;
      if (x > 16 && x + wide > width + 16) {
        x = 16;
        y += 18;
      }
      whole.append(
        shape('rect', { x, y: y - 10, width: 12, height: 12, fill: getComputedStyle(sign.querySelector('i')).backgroundColor }),
        shape('text', { x: x + 17, y, fill: colour('soft'), 'font-family': FONT, 'font-size': 12 }, sign.textContent),
      );
      x += wide;
    }
  }
  y += 12;
  for (const [key, value] of Object.entries({ x: 16, y, width, height })) inner.setAttribute(key, value);
  whole.append(document.importNode(inner, true));
  y += height;
  say(figure.about.about, 12, 400, colour('soft'));
  say(`${PAGE.run.title}; chokepoint, run ${PAGE.run.identity.slice(0, 8)}${PAGE.run.policies.length > 1 && figure.about.titles[shown.policy] ? `, policy ${policyName(shown.policy)}` : ''}`, 11, 400, colour('soft'));
  y += 14;
  whole.setAttribute('height', y);
  whole.setAttribute('viewBox', `0 0 ${width + 32} ${y}`);
  return { text: new XMLSerializer().serializeToString(whole), width: width + 32, height: y };
}

/* The same in dots, three of them where the page has one. */
async function dots({ text, width, height }) {
  const picture = new Image();
  picture.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(text);
  await picture.decode();
  const canvas = document.createElement('canvas');
  const fine = Math.min(3, 16000 / Math.max(width, height));
  canvas.width = Math.round(width * fine);
  canvas.height = Math.round(height * fine);
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => { canvas.toBlob(done, 'image/png'); });
}

/* Under each figure: the figure as a file, and the rows that it draws from, to look at and to save. */
function dataUnder(root, ids, figure) {
  const details = root.querySelector('details.data');
  if (!details) return;
  const about = details.querySelector('.rows');
  details.addEventListener('toggle', () => {
    const preview = details.querySelector('.preview');
    if (!details.open || preview.childElementCount) return;
    const id = ids[0];
    const list = rows(id, 'policy' in dataset(id).columns ? { policy: shown.policy } : {});
    const table = document.createElement('table');
    fill(table, Object.keys(dataset(id).columns), list.slice(0, MAX_PREVIEW));
    preview.append(table);
    about.textContent = `The first rows, rounded; all of them, in full, in the file and in the run's ${dataset(id).table}.`;
  });
  const file = (end) => `${PAGE.run.scenario}-${PAGE.run.identity.slice(0, 8)}-${end}`;
  const saved = {
    csv: () => {
      for (const id of ids) {
        const { columns } = dataset(id);
        const names = Object.keys(columns);
        const lines = rows(id).map((r) => names.map((n) => csvCell(r[n])).join(','));
        handOver(new Blob([names.join(',') + '\n' + lines.join('\n') + '\n'], { type: 'text/csv' }), file(id + '.csv'));
      }
    },
    svg: async () => handOver(new Blob([(await standing(figure)).text], { type: 'image/svg+xml' }), file(figure.about.id + '.svg')),
    png: async () => handOver(await dots(await standing(figure)), file(figure.about.id + '.png')),
  };
  for (const button of root.querySelectorAll('.save')) button.addEventListener('click', saved[button.dataset.form]);
}

const drawn = [];
for (const about of PAGE.figures) {
  const root = document.getElementById('figure-' + about.id);
  if (!root || !FIGURES[about.id]) continue;
  const figure = { about, root, heading: root.querySelector('h3'), controls: root.querySelector('.controls'), place: root.querySelector('.plot') };
  let again = () => {};
  const redraw = () => again();
  again = FIGURES[about.id](figure, redraw);
  drawn.push(again);
  again();
  dataUnder(root, about.data.filter((id) => PAGE.data[id]), figure);
}
const table = document.getElementById('rule-table');
if (table) {
  const columns = ['rule', 'title', 'issuer', 'subject', 'effect', 'announced', 'effective', 'until', 'source'];
  fill(table, columns, rows('rules'));
}
const listed = assumptions();
const listRoot = document.getElementById('figure-assumptions');
if (listRoot) dataUnder(listRoot, ['quantities']);

function drawAll() {
  for (const again of drawn) again();
  if (listed) listed();
}
const policy = document.getElementById('policy');
if (policy) {
  policy.addEventListener('change', () => {
    shown.policy = policy.value;
    for (const preview of document.querySelectorAll('.preview')) preview.replaceChildren();
    drawAll();
  });
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
let wasNarrow = narrow();
addEventListener('resize', () => {
  if (narrow() !== wasNarrow) {
    wasNarrow = narrow();
    drawAll();
  }
});
/* On paper: light colours, and figures as wide as the sheet. */
const sheet = matchMedia('print');
sheet.addEventListener('change', (e) => {
  drawAll();
  for (const place of document.querySelectorAll('.js-plotly-plot')) {
    Plotly.relayout(place, e.matches ? { width: 680 } : { width: null, autosize: true });
  }
});
document.documentElement.dataset.ready = 'yes';

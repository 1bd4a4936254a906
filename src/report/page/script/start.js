/* Puts the figures on the page, and draws them again when policy, size, or light changes. */

function csvCell(value) {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/* Under each figure: the rows that it draws from, to look at and to save. */
function dataUnder(root, ids) {
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
  details.querySelector('.save').addEventListener('click', () => {
    for (const id of ids) {
      const { columns } = dataset(id);
      const names = Object.keys(columns);
      const lines = rows(id).map((r) => names.map((n) => csvCell(r[n])).join(','));
      const blob = new Blob([names.join(',') + '\n' + lines.join('\n') + '\n'], { type: 'text/csv' });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = `${PAGE.run.scenario}-${PAGE.run.identity}-${id}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }
  });
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
  dataUnder(root, about.data.filter((id) => PAGE.data[id]));
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

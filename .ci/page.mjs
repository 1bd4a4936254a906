// Drives report.html in Chromium, from disk and with the network off: every figure is drawn and can be saved, choices and the search
// work, everything can be read (readable.mjs) on a desk, on a phone, in the dark and on paper, no error is logged, a page opens with its
// answer and its figure, and a scenario's markup stays text. Briefs fit two sheets of paper.
//
//   node .ci/page.mjs CHROMIUM RUN... [--brief RUN]... [--hostile RUN]

import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FAULTS, unreadable } from './readable.mjs';

const [executablePath, ...rest] = process.argv.slice(2);
const taken = (flag) => {
  const mark = rest.indexOf(flag);
  return mark >= 0 ? rest.splice(mark, 2)[1] : null;
};
const hostile = taken('--hostile');
const briefs = [];
for (let run = taken('--brief'); run; run = taken('--brief')) briefs.push(run);
let failures = 0;
const check = (holds, what) => {
  if (holds) return;
  failures += 1;
  console.error('FAILED: ' + what);
};

const numbers = JSON.parse(readFileSync('tests/suite/support/numbers.json', 'utf8'));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function open(run, width, colorScheme, file = 'report.html') {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true, acceptDownloads: true });
  const page = await context.newPage();
  const where = `${run}/${file} at ${width} px, ${colorScheme}`;
  page.on('console', (m) => check(!['error', 'warning'].includes(m.type()), `${where}: console: ${m.text()}`));
  page.on('pageerror', (e) => check(false, `${where}: ${e.message}`));
  page.on('request', (r) => check(/^(file|data|blob):/.test(r.url()), `${where}: asks for ${r.url()}`));
  await page.goto(pathToFileURL(resolve(run, file)).href);
  if (file === 'report.html') await page.waitForSelector('html[data-ready]', { timeout: 60000 });
  return { page, where, context };
}

/* What of each figure is drawn: marks within its plot, a title, a text alternative. */
const state = (page) => page.$$eval('figure[id^="figure-"]', (figures) => figures.filter((f) => f.querySelector('.plot')).map((f) => {
  const plot = f.querySelector('.plot');
  const marks = plot.querySelectorAll('.trace path, .trace .point, .points path, .sankey-link, .sankey-node, .hm image, .hm path, .heatmaplayer image, .node circle, .scatterlayer path').length;
  const box = plot.getBoundingClientRect();
  return {
    id: f.id, marks, empty: !!plot.querySelector('.empty'), title: f.querySelector('h3').textContent.trim(),
    alternative: plot.getAttribute('aria-label') || '', caption: f.querySelector('figcaption').textContent.trim(), height: box.height, width: box.width,
    axes: [...plot.querySelectorAll('.xtitle, .ytitle')].map((t) => t.textContent),
    digits: (plot.textContent.match(/\d[\d.]{7,}/g) || []).filter((d) => !/^\d{4}/.test(d)),
  };
}));

async function figuresAreDrawn(page, where) {
  const all = await state(page);
  check(all.length >= 1, `${where}: only ${all.length} figures`);
  for (const f of all) {
    check(!f.empty && f.marks > 0 && f.height > 100 && f.width > 200, `${where}: ${f.id} is empty (${f.marks} marks, ${f.width} x ${f.height})`);
    check(f.title.length > 15, `${where}: ${f.id} has no title`);
    check(f.alternative.startsWith(f.title.slice(0, 15)) && f.alternative.length > f.title.length, `${where}: ${f.id} has no text alternative`);
    check(f.caption.length > 30, `${where}: ${f.id} has no caption`);
    check(f.digits.length === 0, `${where}: ${f.id} shows too many digits: ${f.digits.slice(0, 3)}`);
  }
  return all;
}

async function canBeRead(page, where) {
  for (const complaint of await unreadable(page)) check(false, `${where}: ${complaint}`);
}

/* The checks find faults: each is planted once, and is found by its name. */
async function faultsAreFound(run, file) {
  for (const [kind, plant] of Object.entries(FAULTS)) {
    const { page, where, context } = await open(run, 1280, 'light', file);
    await page.evaluate(plant);
    const found = await unreadable(page);
    check(found.some((complaint) => complaint.startsWith(kind)), `${where}: a planted fault is not found: ${kind}; found: ${found}`);
    await context.close();
  }
}

/* The answer's sentences come first, then a figure, and only then a table. */
async function opensWithItsFigure(page, where) {
  const order = await page.$$eval('#answer .question, #answer .sentences, #answer figure .plot, #answer table', (all) => all.map((e) => (e.matches('.plot') ? 'figure' : e.tagName === 'TABLE' ? 'table' : e.className)));
  check(order.join(' ').startsWith('question sentences figure'), `${where}: opens with ${order}`);
}

/* Every choice that is shown changes its figure. */
async function choicesWork(page, where) {
  const ids = await page.$$eval('figure .controls select', (all) => all.map((s, i) => { s.dataset.test = String(i); return String(i); }));
  for (const i of ids) {
    const select = page.locator(`select[data-test="${i}"]`);
    const options = await select.locator('option').evaluateAll((all) => all.map((o) => o.value));
    if (!(await select.isVisible())) continue;
    const figure = page.locator('figure', { has: select });
    const id = await figure.getAttribute('id');
    const look = () => figure.evaluate((f) => f.querySelector('h3').textContent + f.querySelector('.plot').innerHTML.replace(/clip[a-z0-9]+|id="[^"]*"/g, ''));
    const before = await look();
    const at = await select.inputValue();
    const others = [...new Set([options[0], options[options.length >> 1], options[options.length - 1]])].filter((o) => o !== at);
    let changed = others.length === 0;
    for (const other of others) {
      await select.selectOption(other);
      await page.waitForTimeout(60);
      changed = changed || (await look()) !== before;
    }
    check(changed, `${where}: ${id}: none of ${others} changes anything`);
    await select.selectOption(at);
    await page.waitForTimeout(60);
  }
}

async function searchWorks(page, where) {
  if (!(await page.$('#search'))) return;
  const paths = () => page.$$eval('#quantities tbody .path', (all) => all.map((c) => c.textContent));
  const before = await paths();
  check(before.length > 0, `${where}: no assumption is listed`);
  const word = before[before.length - 1].split('on ')[0].split('.').slice(0, 2).join('.');
  await page.fill('#search', word.toUpperCase());
  const found = await paths();
  check(found.length > 0 && found.every((p) => p.toLowerCase().includes(word)), `${where}: the search for ${word} finds ${found.slice(0, 3)}`);
  await page.fill('#search', 'no such quantity anywhere');
  check((await paths()).length === 0, `${where}: the search finds what is not there`);
  await page.fill('#search', '');
  check((await paths()).length === before.length, `${where}: the search does not let go`);
}

async function dataCanBeSaved(page, where) {
  const details = page.locator('figure details.data').first();
  await details.locator('summary').click();
  // The preview is made when the browser says that the list is open, a moment after the click.
  await details.locator('td').first().waitFor({ state: 'attached', timeout: 10000 }).catch(() => {});
  check((await details.locator('td').count()) > 0, `${where}: no data under the figure`);
  await details.locator('summary').click();
}

/* Every figure can be saved: the drawing with its title as SVG, the same in dots, and the rows that it draws. */
async function figuresCanBeSaved(page, where) {
  const bytes = async (button) => {
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 20000 }), button.click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return [download.suggestedFilename(), Buffer.concat(chunks)];
  };
  for (const figure of await page.locator('figure:has(.plot)').all()) {
    const id = (await figure.getAttribute('id')).replace('figure-', '');
    const title = (await figure.locator('h3').textContent()).trim();
    const [svgName, svg] = await bytes(figure.locator('.save[data-form="svg"]'));
    const drawn = await page.evaluate((text) => {
      const read = new DOMParser().parseFromString(text, 'image/svg+xml');
      const say = [...read.querySelectorAll('svg > text')].map((t) => t.textContent).join(' ');
      return { wrong: !!read.querySelector('parsererror'), say, marks: read.querySelectorAll('svg svg path, svg svg circle, svg svg image').length, foreign: /(href|src)="https?:/.test(text) };
    }, svg.toString());
    check(svgName.endsWith(`${id}.svg`) && !drawn.wrong && drawn.marks > 3 && !drawn.foreign, `${where}: ${svgName} is no drawing: ${JSON.stringify(drawn).slice(0, 200)}`);
    check(drawn.say.replace(/\s+/g, ' ').includes(title.replace(/\s+/g, ' ')), `${where}: ${svgName} does not say its title`);
    const [pngName, png] = await bytes(figure.locator('.save[data-form="png"]'));
    check(pngName.endsWith(`${id}.png`) && png.subarray(1, 4).toString() === 'PNG' && png.readUInt32BE(16) > 1000 && png.length > 20000, `${where}: ${pngName} has ${png.length} bytes`);
    const [csvName, csv] = await bytes(figure.locator('.save[data-form="csv"]'));
    const lines = csv.toString().split('\n');
    check(csvName.endsWith('.csv') && lines.length > (id === 'timeline' ? 1 : 3) && lines[0].split(',').length > 2, `${where}: the file ${csvName} of ${id} is ${lines[0]}`);
  }
}

for (const run of rest) {
  for (const [width, scheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1920, 'dark']]) {
    const { page, where, context } = await open(run, width, scheme);
    await figuresAreDrawn(page, where);
    // On a desk and on a phone; below in the dark and on paper.
    if (scheme === 'light') await canBeRead(page, where);
    await opensWithItsFigure(page, where);
    if (width === 1280) {
      await choicesWork(page, where);
      await searchWorks(page, where);
      await dataCanBeSaved(page, where);
      await figuresCanBeSaved(page, where);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.waitForTimeout(300);
      await figuresAreDrawn(page, where + ', turned dark');
      await canBeRead(page, where + ', turned dark');
      const ink = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      check(ink !== 'rgb(255, 255, 255)', `${where}: the dark page is white`);
      await page.emulateMedia({ media: 'print', colorScheme: 'light' });
      await page.setViewportSize({ width: 720, height: 1000 });
      await page.waitForTimeout(500);
      await figuresAreDrawn(page, where + ', on paper');
      await canBeRead(page, where + ', on paper');
      const shown = await page.$$eval('.legend i', (all) => all.filter((i) => getComputedStyle(i).printColorAdjust !== 'exact').length);
      check(shown === 0, `${where}: ${shown} colours of legends do not survive print`);
    }
    await context.close();
  }
}
if (rest.length) {
  await faultsAreFound(rest[0], 'report.html');
  const { page, where, context } = await open(rest[0], 1280, 'light');
  for (const [x, shown] of numbers) {
    const written = await page.evaluate((x) => number(x), x);
    check(written === shown, `${where}: ${x} is written ${written}, in the terminal ${shown}`);
  }
  await context.close();
}

for (const run of briefs) {
  for (const width of [390, 1280]) {
    const { page, where, context } = await open(run, width, 'light', 'brief.html');
    const figures = await page.$$eval('figure svg', (all) => all.map((svg) => svg.querySelectorAll('path, circle').length));
    check(figures.length === 3 && figures.every((marks) => marks > 3), `${where}: its figures have ${figures} marks`);
    await canBeRead(page, where);
    if (width === 1280) {
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
      const sheets = (pdf.match(/\/Type\s*\/Page\b/g) || []).length;
      check(sheets >= 1 && sheets <= 2, `${where}: printed, it takes ${sheets} sheets`);
    }
    await context.close();
  }
}
if (briefs.length) await faultsAreFound(briefs[0], 'brief.html');

if (hostile) {
  const { page, where, context } = await open(hostile, 1280, 'light');
  check((await page.evaluate(() => window.hit)) === undefined, `${where}: a scenario's script ran`);
  const foreign = await page.$$eval('main img, main b:not(.note b), main script, main i:not(.legend i)', (all) => all.map((e) => e.outerHTML));
  check(foreign.length === 0, `${where}: a scenario's markup became elements: ${foreign}`);
  check((await page.textContent('h1')).includes('<img'), `${where}: the title's markup is not shown as text`);
  const bold = await page.$$eval('svg text', (all) => all.filter((t) => t.querySelector('[style*="bold"], a')).map((t) => t.textContent));
  check(bold.length === 0, `${where}: markup in labels: ${bold.slice(0, 3)}`);
  const labels = await page.$$eval('#figure-timeline svg text', (all) => all.map((t) => t.textContent));
  check(labels.some((t) => t.includes('<')), `${where}: no label shows the markup as text: ${labels.slice(0, 5)}`);
  await page.click('#rules details.all summary');
  check((await page.textContent('#rule-table')).includes('<img'), `${where}: the table of rules lost its text`);
  await context.close();
}

await browser.close();
if (failures) {
  console.error(`${failures} checks failed`);
  process.exit(1);
}
console.log('the page is drawn, readable and safe');

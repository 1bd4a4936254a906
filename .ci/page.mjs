// Drives report.html in Chromium, from disk and with the network off: every figure is drawn, choices and the search work,
// nothing overflows, no error is logged, and a scenario's markup stays text.
//
//   node .ci/page.mjs CHROMIUM RUN... [--hostile RUN]

import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [executablePath, ...rest] = process.argv.slice(2);
const mark = rest.indexOf('--hostile');
const hostile = mark >= 0 ? rest.splice(mark, 2)[1] : null;
let failures = 0;
const check = (holds, what) => {
  if (holds) return;
  failures += 1;
  console.error('FAILED: ' + what);
};

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function open(run, width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true, acceptDownloads: true });
  const page = await context.newPage();
  const where = `${run} at ${width} px, ${colorScheme}`;
  page.on('console', (m) => check(!['error', 'warning'].includes(m.type()), `${where}: console: ${m.text()}`));
  page.on('pageerror', (e) => check(false, `${where}: ${e.message}`));
  page.on('request', (r) => check(/^(file|data|blob):/.test(r.url()), `${where}: asks for ${r.url()}`));
  await page.goto(pathToFileURL(resolve(run, 'report.html')).href);
  await page.waitForSelector('html[data-ready]', { timeout: 60000 });
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

async function nothingOverflows(page, where) {
  const [needed, has] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  check(needed <= has, `${where}: ${needed} px wide in a window of ${has} px`);
  const wide = await page.$$eval('h1, h2, h3, p, figcaption, .controls, .plot, dl', (all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll')).map((e) => e.textContent.slice(0, 40)));
  check(wide.length === 0, `${where}: out of sight: ${wide.slice(0, 3).join(' | ')}`);
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
  const [download] = await Promise.all([page.waitForEvent('download'), details.locator('.save').click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().split('\n');
  check(download.suggestedFilename().endsWith('.csv') && lines.length > 10 && lines[0].split(',').length > 4, `${where}: the file saved is ${lines[0]}`);
  await details.locator('summary').click();
}

for (const run of rest) {
  for (const [width, scheme] of [[390, 'dark'], [1280, 'light'], [1920, 'dark']]) {
    const { page, where, context } = await open(run, width, scheme);
    await figuresAreDrawn(page, where);
    await nothingOverflows(page, where);
    if (width === 1280) {
      await choicesWork(page, where);
      await searchWorks(page, where);
      await dataCanBeSaved(page, where);
      await page.emulateMedia({ colorScheme: 'dark' });
      await figuresAreDrawn(page, where + ', turned dark');
      const ink = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      check(ink !== 'rgb(255, 255, 255)', `${where}: the dark page is white`);
      await page.emulateMedia({ media: 'print', colorScheme: 'light' });
      await page.setViewportSize({ width: 720, height: 1000 });
      await page.waitForTimeout(300);
      await nothingOverflows(page, where + ', on paper');
    }
    await context.close();
  }
}

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

// Drives the pages that `chokepoint explore` writes in Chromium, from disk and with the network off: what they show after so many draws
// is what the command line gives for the same edits, to the bit; levers move without an exception; what takes how long.
//
//   node .ci/explorer.mjs CHROMIUM PROGRAM FOLDER [--moves N] [--draws N] [--frame FILE] [--screenshots]
//
// FILE is a page as a notebook shows it: in a frame that shares nothing with what is around it.

import { chromium } from 'playwright-core';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import { unreadable } from './readable.mjs';

const [executablePath, program, folder, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => (rest.includes(name) ? Number(rest[rest.indexOf(name) + 1]) : otherwise);
const moves = option('--moves', 500);
const draws = option('--draws', 256);
mkdirSync(folder, { recursive: true });
let failures = 0;
const check = (holds, what) => {
  if (holds) return;
  failures += 1;
  console.error(`FAILED: ${what}`);
};
const run = (...words) => execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--enable-precise-memory-info'] });

async function open(file, { width = 1366, height = 768, colorScheme = 'light', before = null, hash = '' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, offline: true });
  const page = await context.newPage();
  page.on('console', (m) => check(!['error', 'warning'].includes(m.type()), `${file}: console: ${m.text()}`));
  page.on('pageerror', (e) => check(false, `${file}: ${e.message}`));
  page.on('request', (r) => check(/^(file|data|blob):/.test(r.url()), `${file}: asks for ${r.url()}`));
  if (before) await page.addInitScript(before);
  await page.goto(pathToFileURL(resolve(file)).href + hash);
  return { page, context };
}

// Waits until the page shows so many draws of what is set.
const settled = (page, n, timeout = 300000) => page.waitForFunction((least) => {
  const d = document.body.dataset;
  return (d.stale === 'false' && Number(d.draws) >= least && !document.body.classList.contains('waiting')) || d.failed;
}, n, { timeout, polling: 20 });

// What the page has of some cells: every draw, and the statistics that it shows.
const numbers = (page, n) => page.evaluate((count) => {
  const { page: about, pool, shown, lanes } = window.explorer;
  const run = pool.run();
  const lists = { base: pool.base, now: run.policy ? run.values : pool.base };
  const columns = {};
  for (const [side, list] of Object.entries(lists)) {
    columns[side] = about.cells.map((_, c) => Array.from({ length: count }, (__, d) => list[Math.floor(d / lanes)][c * lanes + (d % lanes)]));
  }
  const answer = shown();
  return {
    cells: about.cells, columns, policy: run.policy, shown: answer.draws,
    statistics: { [answer.state.a]: answer.a, [answer.state.b]: answer.b }, quarters: about.quarters,
    reached: answer.reached, thresholds: about.thresholds, years: about.years, pair: [answer.state.a, answer.state.b],
  };
}, n);

function csv(file) {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n').map((l) => l.split(','));
  return lines.map((l) => Object.fromEntries(head.map((name, i) => [name, l[i]])));
}

// Holds what the page has against the command line, number by number.
async function hold(page, scenario, what) {
  const has = await numbers(page, draws);
  const name = what.replace(/[^a-z0-9]+/gi, '-');
  const out = join(folder, `run-${name}`);
  const select = has.pair.flatMap((actor) => ['--select', `${actor}/reachable_flop`]);
  const file = join(folder, 'explored.toml');
  rmSync(out, { recursive: true, force: true });
  if (has.policy) {
    writeFileSync(file, has.policy);
    run('compare', scenario, '--policy', file, '--draws', String(draws), '--quiet', '--out', out, '--export', 'draws=csv', ...select);
  } else {
    run('run', scenario, '--draws', String(draws), '--quiet', '--out', out, '--export', 'draws=csv', ...select);
  }
  let compared = 0;
  let wrong = 0;
  const place = new Map(has.cells.map((cell, i) => [cell, i]));
  for (const row of csv(join(out, 'draws.csv'))) {
    const side = !row.policy || row.policy === 'base' ? 'base' : 'now';
    const at = place.get(`${row.actor}/reachable_flop@${row.quarter}`);
    compared += 1;
    if (at === undefined || has.columns[side][at][Number(row.draw)] !== Number(row.reachable_flop)) wrong += 1;
  }
  check(compared > 0 && wrong === 0, `${what}: ${wrong} of ${compared} values of draws differ from the command line's`);
  let told = 0;
  if (has.shown === draws) {
    const of = (actor, quarter) => has.statistics[actor]?.[has.quarters.indexOf(quarter)];
    for (const row of csv(join(out, 'summary.csv')).filter((r) => r.metric === 'reachable_flop')) {
      const n = of(row.actor, row.quarter);
      if (!n) continue;
      const now = row.policy && row.policy !== 'base';
      const [p05, p50, p95, mean] = now ? [n.nowP05, n.nowP50, n.nowP95, n.nowMean] : [n.p05, n.p50, n.p95, n.mean];
      for (const [mine, theirs] of [[p05, row.p05], [p50, row.p50], [p95, row.p95], [mean, row.mean]]) {
        told += 1;
        check(mine === Number(theirs), `${what}: ${row.actor} ${row.quarter}: the page says ${mine}, summary.csv ${theirs}`);
      }
    }
    for (const row of has.policy ? csv(join(out, 'comparison.csv')).filter((r) => r.metric === 'reachable_flop' && r.policy !== 'base') : []) {
      const n = of(row.actor, row.quarter);
      if (!n) continue;
      for (const [mine, theirs] of [[n.difference, row.difference_mean], [n.ratioP50, row.ratio_p50], [n.lower, row.probability_lower], [n.higher, row.probability_higher]]) {
        told += 1;
        check(mine === Number(theirs), `${what}: ${row.actor} ${row.quarter}: the page says ${mine}, comparison.csv ${theirs}`);
      }
    }
    const reached = csv(join(out, 'thresholds.csv')).filter((r) => r.metric === 'reachable_flop' && r.quarter.endsWith('Q4'));
    for (const row of reached) {
      const key = row.actor === has.pair[0] ? 'a' : row.actor === has.pair[1] ? 'b' : null;
      const [level, year] = [has.thresholds.indexOf(Number(row.threshold_flop)), has.years.indexOf(Number(row.quarter.slice(0, 4)))];
      if (!key || level < 0 || year < 0) continue;
      told += 1;
      const mine = has.reached[key][row.policy && row.policy !== 'base' ? 'now' : 'base'][level][year];
      check(mine === Number(row.probability), `${what}: ${row.actor} ${row.threshold_flop} by ${row.quarter}: the page says ${mine}, thresholds.csv ${row.probability}`);
    }
  }
  console.log(`${what}: ${compared} values of draws and ${told} statistics are the command line's, to the bit`);
  rmSync(out, { recursive: true, force: true });
}

const drag = (page, id, u) => page.evaluate(([lever, place]) => {
  const slider = document.querySelector(`[data-lever="${lever}"]`);
  slider.value = String(place);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  slider.dispatchEvent(new Event('change', { bubbles: true }));
}, [id, u]);
const flip = (page, name) => page.evaluate((policy) => document.querySelector(`[data-policy="${policy}"]`).click(), name);
const reset = (page) => page.click('#reset');
const stop = (page, n) => page.evaluate((most) => window.explorer.pool.upTo(most), n);
const times = {};

// The baseline: how long things take, and what they come to.
const baseline = join(folder, 'baseline.html');
run('explore', 'scenarios/baseline', '--out', baseline, '--quiet');
times.bytes = statSync(baseline).size;
check(times.bytes <= 4e6, `the page has ${times.bytes} bytes`);
{
  const { page, context } = await open(baseline);
  await settled(page, 64);
  times.first = Number(await page.evaluate(() => document.body.dataset.at));
  await settled(page, 256);
  times.first256 = Number(await page.evaluate(() => document.body.dataset.at));
  await settled(page, 4096);
  times.all = Number(await page.evaluate(() => document.body.dataset.at));
  times.memory = await page.evaluate(() => performance.memory.usedJSHeapSize);
  await context.close();
}
const seen = await open(baseline);
{
  const { page } = seen;
  await page.waitForFunction(() => window.explorer);
  await stop(page, draws);
  await settled(page, draws);
  await hold(page, 'scenarios/baseline', 'the base');
  // Draws that came with the page are those that its engine gives here.
  for (const batch of [0, 2, 3]) {
    const same = await page.evaluate(async (b) => {
      const { pool } = window.explorer;
      const bits = (list) => Array.from(new BigUint64Array(list.buffer, list.byteOffset, list.length)).join();
      return bits(await pool.again(b)) === bits(pool.base[b]);
    }, batch);
    check(same, `batch ${batch} of the base is not what the engine gives`);
  }
  // Every metric that can be chosen is drawn, with numbers behind it.
  for (const metric of await page.$$eval('#metric option', (all) => all.map((x) => x.value))) {
    await page.selectOption('#metric', metric);
    check(await page.$$eval('#reach-svg path', (all) => all.length > 0), `${metric}: nothing is drawn`);
    check(await page.$$eval('#reach tbody tr', (all) => all.length > 5), `${metric}: no table`);
    check((await page.evaluate(() => location.hash)).includes(metric) || metric === 'reachable_flop', `${metric}: the address forgets it`);
  }
  await page.selectOption('#metric', 'reachable_flop');
  check(await page.$$eval('#flows-svg rect', (all) => all.length >= 4), 'flows are not drawn');
  const moving = await page.$$eval('.lever .about dt', (all) => all.filter((x) => x.textContent === 'Moves').length);
  check(moving >= 1, 'no lever says what it moves');
  const levers = await page.$$eval('[data-lever]', (all) => all.map((x) => x.dataset.lever));
  check(levers.length >= 9, `there are ${levers.length} levers`);
  const after = [];
  for (const [i, lever] of levers.slice(0, 5).entries()) {
    await reset(page);
    await settled(page, draws);
    const begun = await page.evaluate(() => performance.now());
    await drag(page, lever, [170, 30, 190, 20, 150][i]);
    await settled(page, 64);
    after.push(Number(await page.evaluate(() => document.body.dataset.at)) - begun);
    await settled(page, draws);
    await hold(page, 'scenarios/baseline', `lever ${lever}`);
  }
  times.lever = Math.max(...after);
  for (const policy of ['remote-access-rule', 'allied-tool-alignment', 'no-controls']) {
    await reset(page);
    await flip(page, policy);
    await settled(page, draws);
    await hold(page, 'scenarios/baseline', `policy ${policy}`);
  }
  await drag(page, levers[1], 180);
  await flip(page, 'b30a-moderate');
  await settled(page, draws);
  await hold(page, 'scenarios/baseline', 'two policies and a lever');
  // What the address holds, another page shows; undo goes back.
  const hash = await page.evaluate(() => location.hash);
  const policy = await page.evaluate(() => window.explorer.policy());
  const second = await open(baseline, { hash });
  await second.page.waitForFunction(() => window.explorer);
  check(await second.page.evaluate(() => window.explorer.policy()) === policy, 'an address does not give its levers back');
  await second.context.close();
  await page.click('#undo');
  check(await page.evaluate(() => window.explorer.policy()) !== policy, 'undo changes nothing');
  await page.click('#redo');
  check(await page.evaluate(() => window.explorer.policy()) === policy, 'redo does not come back');
  const foreign = await open(baseline, { hash: hash.replace(/model=[0-9a-f]+/, 'model=000000000000') });
  await foreign.page.waitForFunction(() => window.explorer);
  check((await foreign.page.textContent('#note')).includes('another model'), 'a link of another model does not say so');
  await foreign.context.close();
  // Every figure has a name and a table, every lever a label.
  const bare = await page.$$eval('input, select, button, svg[role=img]', (all) => all.filter((x) => !(x.getAttribute('aria-label') || x.labels?.length || x.textContent.trim())).map((x) => x.id));
  check(bare.length === 0, `without a label: ${bare.join(', ')}`);
  check(await page.$$eval('figure', (all) => all.every((f) => f.querySelectorAll('table tbody tr').length > 3)), 'a figure has no table behind it');
  check(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page is wider than the screen');
  // Numbers are written as in the terminal; all can be read on a desk, on a phone and in the dark.
  for (const [x, shown] of JSON.parse(readFileSync('tests/suite/support/numbers.json', 'utf8'))) {
    const written = await page.evaluate((value) => window.explorer.number(value), x);
    check(written === shown, `${x} is written ${written}, in the terminal ${shown}`);
  }
  for (const [name, options] of [['desktop', {}], ['phone', { width: 390, height: 844 }], ['dark', { colorScheme: 'dark' }]]) {
    const other = await open(baseline, { ...options, hash });
    await settled(other.page, 64);
    await stop(other.page, 64);
    for (const complaint of await unreadable(other.page)) check(false, `${name}: ${complaint}`);
    await other.context.close();
  }
  if (rest.includes('--screenshots')) {
    await settled(page, draws);
    await page.screenshot({ path: join(folder, 'desktop.png') });
    await page.click('#present');
    await page.screenshot({ path: join(folder, 'presenting.png') });
    await page.click('#present');
    await page.emulateMedia({ media: 'print' });
    await page.screenshot({ path: join(folder, 'print.png'), fullPage: true });
    await page.emulateMedia({ media: 'screen' });
    for (const [name, options] of [['phone', { width: 390, height: 844 }], ['dark', { colorScheme: 'dark' }]]) {
      const other = await open(baseline, { ...options, hash });
      await settled(other.page, 64);
      await other.page.screenshot({ path: join(folder, `${name}.png`), fullPage: name === 'phone' });
      check(await other.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}: wider than the screen`);
      await other.context.close();
    }
  }
  await page.click('#why');
  await page.waitForFunction(() => document.getElementById('offered-text').value.length > 200, null, { timeout: 120000 });
  await seen.context.close();
}

// Levers at random: no exception, no stale answer, memory flat.
const tutorial = join(folder, 'tutorial.html');
run('explore', 'scenarios/tutorial', '--out', tutorial, '--quiet');
{
  const { page, context } = await open(tutorial);
  await page.waitForFunction(() => window.explorer);
  await stop(page, 256);
  await settled(page, 256);
  let seed = 7;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor((seed / 2147483648) * n); };
  const levers = await page.$$eval('[data-lever]', (all) => all.map((x) => x.dataset.lever));
  const policies = await page.$$eval('[data-policy]', (all) => all.map((x) => x.dataset.policy));
  let early = 0;
  for (let i = 0; i < moves; i += 1) {
    if (random(8) === 0 && policies.length > 0) await flip(page, policies[random(policies.length)]);
    else await drag(page, levers[random(levers.length)], random(201));
    if (random(4) === 0) await settled(page, 64);
    if (i === Math.floor(moves / 4)) early = await page.evaluate(() => performance.memory.usedJSHeapSize);
  }
  await settled(page, 256);
  check(!(await page.evaluate(() => document.body.dataset.failed)), 'a setting failed');
  const fresh = await page.evaluate(() => window.explorer.pool.run().policy === window.explorer.policy() && window.explorer.shown().draws >= 256);
  check(fresh, 'what is shown is of another setting than the levers');
  const late = await page.evaluate(() => performance.memory.usedJSHeapSize);
  check(late < early * 1.5 + 2e7, `memory grows from ${early} to ${late} bytes`);
  await hold(page, 'scenarios/tutorial', `after ${moves} random moves`);
  await context.close();
}

// A scenario's markup stays text; a browser that lacks wide numbers says so in a sentence.
{
  const hostile = '<img src=x onerror="document.title=\'taken\'"></script><script>document.title="taken"</script>';
  const text = readFileSync('scenarios/tutorial/scenario.toml', 'utf8').replace(/^title = .*$/m, `title = ${JSON.stringify(hostile)}`);
  const home = join(folder, 'hostile');
  mkdirSync(join(home, 'policies'), { recursive: true });
  writeFileSync(join(home, 'scenario.toml'), `${text}\n[[lever]]\nid = "x"\ntitle = ${JSON.stringify(hostile)}\ngroup = ${JSON.stringify(hostile)}\nabout = ${JSON.stringify(hostile)}\npath = "route.*.detection"\ntimes = { from = 0.5, to = 2 }\n[[lever]]\nid = "y"\ntitle = "y"\ngroup = "y"\npolicy = "p"\n`);
  writeFileSync(join(home, 'policies', 'p.toml'), `title = ${JSON.stringify(hostile)}\n[[set]]\npath = "route.*.detection"\ntimes = 1.5\nnote = ${JSON.stringify(hostile)}\n`.replace(/\nnote.*/, ''));
  const file = join(folder, 'hostile.html');
  run('explore', home, '--out', file, '--quiet');
  const { page, context } = await open(file);
  await settled(page, 64);
  await flip(page, 'p');
  await settled(page, 64);
  check(await page.evaluate(() => !document.querySelector('img') && !document.title.startsWith('taken')), 'a scenario\'s markup became an element');
  check(await page.evaluate((t) => document.body.textContent.includes(t), hostile), 'a scenario\'s text is not shown');
  await context.close();
  const old = await open(tutorial, { before: () => { WebAssembly.validate = () => false; } });
  await old.page.waitForSelector('.failed');
  check((await old.page.textContent('#sentences')).includes('This browser cannot run the engine'), 'without SIMD there is no clear sentence');
  await old.context.close();
}
// In a notebook's frame it simulates as well.
if (rest.includes('--frame')) {
  const { page, context } = await open(rest[rest.indexOf('--frame') + 1]);
  const inside = await (await page.waitForSelector('iframe')).contentFrame();
  await settled(inside, 256);
  const levers = await inside.$$eval('[data-lever]', (all) => all.map((x) => x.dataset.lever));
  await drag(inside, levers[0], 190);
  await settled(inside, 256);
  check(await inside.evaluate(() => window.explorer.pool.run().policy === window.explorer.policy() && window.explorer.policy().length > 0), 'in a frame a lever does nothing');
  check(!(await inside.evaluate(() => document.body.dataset.failed)), 'in a frame the page fails');
  await context.close();
  console.log('a notebook\'s frame: simulates, and a lever moves');
}
await browser.close();
console.log(JSON.stringify(times));
if (failures > 0) process.exit(1);
console.log('the explorer: all holds');

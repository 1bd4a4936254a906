// What of a page cannot be read: what overflows, labels that are cut or lie on one another, text without contrast, and what axe-core
// calls serious or critical. Gives a list of complaints, empty where there are none.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/* Least contrast of text and what lies behind it. */
export const CONTRAST = 4.5;

/* The page as wide as the window; nothing beyond its edge but in boxes that scroll. */
const overflow = (page) => page.evaluate(() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`overflow: ${root.scrollWidth} px wide in a window of ${root.clientWidth} px`);
  for (const e of document.querySelectorAll('h1, h2, h3, p, li, figcaption, .controls, select, button, .plot, dl, table, pre, svg')) {
    const box = e.getBoundingClientRect();
    if (box.width === 0 || e.closest('#js-plotly-tester, .scroll, .rests, nav, details:not([open]), .modebar-container')) continue;
    if (box.right > innerWidth + 1 || box.left < -1) found.push(`overflow: out of sight: <${e.tagName.toLowerCase()}> ${e.textContent.trim().slice(0, 40)}`);
  }
  return found;
});

/* Labels of figures: within their drawing, and no two axis labels on one another. */
const labels = (page) => page.evaluate(() => {
  const found = [];
  for (const svg of document.querySelectorAll('.plot svg, figure > svg')) {
    if (svg.closest('svg:not(:scope)') && svg.parentElement.closest('svg')) continue;
    const id = svg.closest('figure')?.id || 'a figure';
    const root = svg.closest('.svg-container') || svg;
    const frame = root.getBoundingClientRect();
    if (!frame.width) continue;
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      const words = text.textContent.trim();
      if (!words || !box.width || getComputedStyle(text).visibility === 'hidden' || text.closest('.hoverlayer')) continue;
      if (box.left < frame.left - 1.5 || box.right > frame.right + 1.5 || box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5) {
        found.push(`cut label: ${id}: "${words.slice(0, 40)}"`);
      }
    }
    const groups = [['.xtick text', 'x'], ['.ytick text', 'y'], ['.legendtext', 'xy']];
    for (const [selector, which] of groups) {
      const boxes = [...svg.querySelectorAll(selector)].filter((t) => t.textContent.trim()).map((t) => [t.textContent, t.getBoundingClientRect()]);
      boxes.forEach(([one, a], i) => {
        for (const [other, b] of boxes.slice(i + 1)) {
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          if (across > 2 && down > 3) found.push(`cut label: ${id}: "${one.slice(0, 30)}" lies on "${other.slice(0, 30)}" (${which})`);
        }
      });
    }
  }
  return [...new Set(found)];
});

/* What both checks of contrast reckon with, as text that is run on the page: colours, one over another, and the ratio of WCAG 2. */
const colours = `window.colours = (() => {
  const rgba = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return text === 'none' || text === 'transparent' ? [0, 0, 0, 0] : [r, g, b, a];
  };
  const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a)];
  const light = (c) => c.map((x) => x / 255).map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  return { rgba, over, ratio };
})()`;

/* Text of elements: its ink against what its ancestors paint behind it, each with its own opacity. axe-core gives up where anything might lie
   over a text, which on these pages is everywhere. What is off and cannot be used may be faint, as WCAG has it. */
const words = (page, least) => page.evaluate((least) => {
  const { rgba, over, ratio } = window.colours;
  const mix = (a, b, share) => a.map((x, i) => x * share + b[i] * (1 - share));
  const paint = (chain, i, behind, ink) => {
    const style = getComputedStyle(chain[i]);
    const paper = over(rgba(style.backgroundColor), behind);
    const inner = i + 1 < chain.length ? paint(chain, i + 1, paper, ink) : { paper, ink: over(ink, paper) };
    const share = Number(style.opacity);
    return { paper: mix(inner.paper, behind, share), ink: mix(inner.ink, behind, share) };
  };
  const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const unseen = (e) => e && e !== document.body && ((e.offsetWidth <= 1 || e.offsetHeight <= 1) && getComputedStyle(e).overflow === 'hidden' || unseen(e.parentElement));
  const all = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (/\S/.test(node.data) && !node.parentElement.closest('svg, script, style, template, noscript, option, #js-plotly-tester')) all.push([node.parentElement, node.data.trim()]);
  }
  for (const field of document.querySelectorAll('select, input:not([type="range"], [type="checkbox"], [type="radio"], [type="hidden"])')) all.push([field, field.value || field.placeholder]);
  const found = new Map();
  let looked = 0;
  for (const [e, text] of all) {
    if (!text || !seen(e) || unseen(e) || e.closest(':disabled, [aria-disabled="true"]')) continue;
    looked += 1;
    const chain = [];
    for (let at = e; at; at = at.parentElement) chain.unshift(at);
    const picture = chain.findLast((at) => getComputedStyle(at).backgroundImage !== 'none' || rgba(getComputedStyle(at).backgroundColor)[3] === 1);
    const name = `<${e.tagName.toLowerCase()}${e.className ? ` class="${e.className}"` : ''}>`;
    if (picture && rgba(getComputedStyle(picture).backgroundColor)[3] < 1) {
      found.set(name, `contrast of words: ${name} "${text.slice(0, 30)}" lies on a picture`);
      continue;
    }
    const { paper, ink } = paint(chain, 0, [255, 255, 255], rgba(getComputedStyle(e).color));
    const got = ratio(ink, paper);
    if (got < least && !found.has(name)) found.set(name, `contrast of words: ${name} "${text.slice(0, 30)}" has ${got.toFixed(2)} : 1`);
  }
  if (looked < 10) found.set('', `contrast of words: only ${looked} texts are looked at`);
  return [...found.values()];
}, least);

/* Text of drawings: its ink against what lies behind its middle. */
const contrast = (page, least) => page.evaluate((least) => {
  const { rgba, over, ratio } = window.colours;
  const paper = over(rgba(getComputedStyle(document.body).backgroundColor), [255, 255, 255]);
  const found = [];
  for (const text of document.querySelectorAll('.plot svg text, figure > svg text')) {
    const words = text.textContent.trim();
    const box = text.getBoundingClientRect();
    if (!words || !box.width || text.closest('.hoverlayer')) continue;
    const style = getComputedStyle(text);
    const fill = rgba(style.fill);
    const ink = fill[3] * Number(style.fillOpacity) * Number(style.opacity);
    if (ink === 0) continue;
    let behind = paper;
    /* Cells of a heatmap are a picture: what it shows is read from the dots under the middle of the text. */
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    for (const picture of text.closest('.svg-container, svg').querySelectorAll('.hm image, .heatmaplayer image')) {
      const at = picture.getBoundingClientRect();
      if (x < at.left || x > at.right || y < at.top || y > at.bottom || !window.readable?.has(picture)) continue;
      const { data, width, height } = window.readable.get(picture);
      const [i, j] = [Math.min(width - 1, Math.floor(((x - at.left) / at.width) * width)), Math.min(height - 1, Math.floor(((y - at.top) / at.height) * height))];
      const p = 4 * (j * width + i);
      behind = over([data[p], data[p + 1], data[p + 2], data[p + 3] / 255], behind);
    }
    for (const shape of text.parentElement.querySelectorAll('rect, path')) {
      const s = getComputedStyle(shape);
      const b = shape.getBoundingClientRect();
      if (s.fill === 'none' || shape.closest('text') || x < b.left || x > b.right || y < b.top || y > b.bottom || !shape.classList.contains('bg')) continue;
      const f = rgba(s.fill);
      behind = over([f[0], f[1], f[2], f[3] * Number(s.fillOpacity) * Number(s.opacity)], behind);
    }
    const got = ratio(over([fill[0], fill[1], fill[2], ink], behind), behind);
    if (got < least) found.push(`contrast: ${text.closest('figure')?.id}: "${words.slice(0, 30)}" has ${got.toFixed(2)} : 1`);
  }
  return [...new Set(found)];
}, least);

/* Dots of heatmaps' pictures, to be read by the contrast check. */
const develop = (page) => page.evaluate(async () => {
  window.readable = new Map();
  for (const picture of document.querySelectorAll('.hm image, .heatmaplayer image')) {
    const address = picture.getAttribute('href') || picture.getAttributeNS('http://www.w3.org/1999/xlink', 'href');
    if (!address) continue;
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    window.readable.set(picture, { data: pen.getImageData(0, 0, canvas.width, canvas.height).data, width: canvas.width, height: canvas.height });
  }
});

/* What axe-core calls serious or critical. */
async function axes(page) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run(document, {
    resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  })).violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 120)) })));
  return violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `axe-core: ${v.id} (${v.impact}): ${v.help}: ${v.nodes.length} of them, ${v.nodes.slice(0, 2).join(' ')}`);
}

/* All complaints about a page as it stands in its window. */
export async function unreadable(page) {
  await develop(page);
  await page.evaluate(colours);
  return [...await overflow(page), ...await labels(page), ...await contrast(page, CONTRAST), ...await words(page, CONTRAST), ...await axes(page)];
}

/* One fault of each kind, put into a page: the checks above must find each. Those of figures are rules of style, for a figure that is drawn anew
   keeps them. */
const styled = `(rule) => { const s = document.createElement('style'); s.textContent = '.plot svg .xtick text, figure > svg text { ' + rule + ' }'; document.head.append(s); }`;
export const FAULTS = {
  overflow: () => { const p = document.createElement('p'); p.style.width = '3000px'; p.textContent = 'much too wide'; document.querySelector('main').append(p); },
  'cut label': `(${styled})('transform: translate(-4000px, 0) !important;')`,
  'contrast:': `(${styled})('fill: ' + getComputedStyle(document.body).backgroundColor + ' !important; fill-opacity: 1 !important;')`,
  'contrast of words: <figcaption': () => { const p = document.querySelector('figcaption'); p.style.color = '#888888'; p.style.background = '#7f7f7f'; },
  'contrast of words: <h1': () => { document.querySelector('h1').style.opacity = '0.3'; },
  'axe-core: image-alt': () => { document.querySelector('main').append(document.createElement('img')); },
};

// Makes the README's pictures anew, from the pages of a run of the baseline and of a comparison of its policies:
//
//   node .ci/pictures.mjs CHROMIUM RUN COMPARISON docs/images

import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

const [executablePath, run, comparison, images] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function picture(folder, figure, name, actor) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(resolve(folder, 'report.html')).href);
  await page.waitForSelector('html[data-ready]', { timeout: 60000 });
  const box = page.locator(`#figure-${figure}`);
  await box.scrollIntoViewIfNeeded();
  if (actor) await box.locator('select').first().selectOption({ label: actor });
  await box.locator('.plot svg').first().waitFor();
  await page.waitForTimeout(1000);
  await box.screenshot({ path: join(images, `${name}.png`), animations: 'disabled' });
  await page.close();
}

await picture(run, 'fan', 'reach', 'China');
await picture(run, 'flows', 'flows');
await picture(comparison, 'forest', 'policies');
await browser.close();

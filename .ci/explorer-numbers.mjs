// Holds two builds of the explorer's engine against each other: every value of four batches of a scenario, and under a change, to the bit.
//
//   node .ci/explorer-numbers.mjs ENGINE.wasm.gz ENGINE.wasm.gz MANIFEST.json

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [first, second, manifest] = process.argv.slice(2);
const engineOf = new Function(`${readFileSync('src/report/explore/script/engine.js', 'utf8')};return engineOf;`)();
const scenario = JSON.parse(readFileSync(manifest, 'utf8')).resolved;
const policy = 'title = "x"\n[[set]]\npath = "route.*.detection"\ntimes = 3.0\n';
const numbers = async (file) => {
  const engine = engineOf(await WebAssembly.instantiate(await WebAssembly.compile(gunzipSync(readFileSync(file))), {}));
  engine.open({ name: 'baseline', scenario, select: ['{country,lab}.*/reachable_flop'], seed: 1 });
  engine.change(policy);
  return [false, true].flatMap((changed) => Array.from({ length: 4 }, (_, b) => [...engine.simulate(changed, b)])).flat();
};
const [a, b] = [await numbers(first), await numbers(second)];
const wrong = a.filter((x, i) => !Object.is(x, b[i])).length;
if (a.length === 0 || a.length !== b.length || wrong > 0) {
  console.error(`FAILED: ${wrong} of ${a.length} values differ: run explorer/build.sh`);
  process.exit(1);
}
console.log(`two builds of the engine agree in ${a.length} values, to the bit`);

// What draws say: statistics by the engine's own hand, the same numbers as in `summary.csv` and `comparison.csv`.

// Numbers that the engine gives of a cell, in its order.
const NUMBERS = [
  "mean", "meanError", "p05", "p25", "p50", "p75", "p95", "p50Error",
  "nowMean", "nowMeanError", "nowP05", "nowP25", "nowP50", "nowP75", "nowP95", "nowP50Error",
  "difference", "differenceLow", "differenceHigh", "shift", "shiftLow", "shiftHigh",
  "ratioP05", "ratioP50", "ratioP95", "ratioLow", "ratioHigh", "lower", "higher",
];
// Batches that are handed over at a time.
const CHUNK = 256 / LANES;

// What two cells that are the same have in common.
function keyOf(cell) {
  if (typeof cell === "number") return cell;
  return cell.less ? `${keyOf(cell.less[0])}-${keyOf(cell.less[1])}` : `${keyOf(cell.over[0])}/${keyOf(cell.over[1])}`;
}

// Statistics of some cells of two lists of batches, each found once however often it is asked for.
function summarised(engine, cells, base, now, draws) {
  const places = new Map();
  const once = cells.filter((cell) => !places.has(keyOf(cell)) && places.set(keyOf(cell), places.size));
  const found = summarisedOnce(engine, once, base, now, draws);
  return cells.map((cell) => found[places.get(keyOf(cell))]);
}

// Of a cell that is no finite number in some draw, such as a quotient of nothing, nothing is known. A cell is a place, `{ over: [a, b] }`
// or `{ less: [a, b] }`.
function summarisedOnce(engine, cells, base, now, draws) {
  const batches = draws / LANES;
  const finite = (cell) => {
    for (let b = 0; b < batches; b += 1) {
      for (let lane = 0; lane < LANES; lane += 1) {
        if (!Number.isFinite(valueOf(cell, base[b], lane)) || !Number.isFinite(valueOf(cell, now[b], lane))) return false;
      }
    }
    return true;
  };
  const known = cells.map(finite);
  const chosen = cells.filter((_, c) => known[c]);
  engine.summarise(chosen.length);
  const side = chosen.length * LANES;
  const fill = (into, at, batch) => {
    chosen.forEach((cell, c) => {
      for (let lane = 0; lane < LANES; lane += 1) into[at + c * LANES + lane] = valueOf(cell, batch, lane);
    });
  };
  for (let first = 0; first < batches; first += CHUNK) {
    const last = Math.min(first + CHUNK, batches);
    const room = new Float64Array((last - first) * side * 2);
    for (let b = first; b < last; b += 1) {
      fill(room, (b - first) * side * 2, base[b]);
      fill(room, (b - first) * side * 2 + side, now[b]);
    }
    engine.add(room);
  }
  const numbers = engine.finish();
  let next = 0;
  return known.map((is) => {
    const at = next * NUMBERS.length;
    if (is) next += 1;
    return Object.fromEntries(NUMBERS.map((name, i) => [name, is ? numbers[at + i] : NaN]));
  });
}

function valueOf(cell, batch, lane) {
  if (typeof cell === "number") return batch[cell * LANES + lane];
  if (cell.less) return valueOf(cell.less[0], batch, lane) - valueOf(cell.less[1], batch, lane);
  return valueOf(cell.over[0], batch, lane) / valueOf(cell.over[1], batch, lane);
}

// Share of draws in which an actor has reached each level by each year end: `[level][year]`.
function reachedBy(levels, cells, yearEnds, batches, draws) {
  const counts = levels.map(() => yearEnds.map(() => 0));
  for (let b = 0; b < draws / LANES; b += 1) {
    for (let lane = 0; lane < LANES; lane += 1) {
      let most = -Infinity;
      let year = 0;
      for (let t = 0; t < cells.length; t += 1) {
        most = Math.max(most, batches[b][cells[t] * LANES + lane]);
        if (t === yearEnds[year]) {
          levels.forEach((level, l) => { if (most >= level) counts[l][year] += 1; });
          year += 1;
        }
      }
    }
  }
  return counts.map((row) => row.map((n) => n / draws));
}

// The 95% interval of a share of draws (Wilson 1927).
function wilson(share, n) {
  const z = 1.959963984540054;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [share === 0 ? 0 : Math.max(0, middle - half), share === 1 ? 1 : Math.min(1, middle + half)];
}

// Shares of draws by what binds an actor in a year: of a lab its label, of a country that of its lab that reaches furthest.
function boundBy(page, actor, year, batches, draws) {
  const labs = page.members[actor] || [];
  const counts = new Map();
  const cells = page.cells.length;
  const places = labs.map((lab) => ({
    reach: page.place.get(`${lab}/reachable_flop@${year}Q4`),
    label: cells + page.labelled.get(`${lab}@${year}Q4`),
  })).filter((p) => p.reach !== undefined && !Number.isNaN(p.label));
  if (places.length === 0) return counts;
  for (let b = 0; b < draws / LANES; b += 1) {
    for (let lane = 0; lane < LANES; lane += 1) {
      let first = places[0];
      for (const place of places) {
        if (batches[b][place.reach * LANES + lane] > batches[b][first.reach * LANES + lane]) first = place;
      }
      const label = batches[b][first.label * LANES + lane];
      const name = label < 0 ? "nothing" : page.labels[label];
      counts.set(name, (counts.get(name) || 0) + 1 / draws);
    }
  }
  return counts;
}

// The first quarter in which the median now is what the base's was in another, or none.
function caughtUp(courses, t) {
  const level = courses[t].p50;
  const found = courses.findIndex((c) => c.nowP50 >= level);
  return found < 0 ? null : found;
}

// Everything that the page shows of so many draws.
function answerOf(page, engine, state, base, now, draws) {
  const course = (actor, metric = "reachable_flop", quarters = page.quarters) => quarters.map((q) => page.place.get(`${actor}/${metric}@${q}`));
  const [a, b] = [course(state.a), course(state.b)];
  // What is drawn: in the quarters, and of those of the two, of which it is measured.
  const has = (q) => page.place.has(`${state.a}/${state.metric}@${q}`) || page.place.has(`${state.b}/${state.metric}@${q}`);
  const quarters = page.quarters.filter(has);
  const drawn = [state.a, state.b].map((actor) => ({ actor, places: course(actor, state.metric, quarters) })).filter((one) => !one.places.includes(undefined));
  const both = drawn.length === 2 ? drawn[0].places.map((cell, t) => ({ over: [cell, drawn[1].places[t]] })) : [];
  const end = page.yearEnds[page.years.indexOf(state.year)];
  const cells = [...a, ...b, ...a.map((cell, t) => ({ over: [cell, b[t]] }))];
  const n = page.quarters.length;
  const rows = page.tables.flatMap((table) => table.rows(page, state).map((row) => ({ table: table.id, ...row })));
  const placed = rows.filter((row) => row.cell !== undefined);
  const all = summarised(engine, [...cells, ...placed.map((row) => row.cell), ...drawn.flatMap((one) => one.places), ...both], base, now, draws);
  placed.forEach((row, i) => { row.numbers = all[3 * n + i]; });
  const rest = all.slice(3 * n + placed.length);
  drawn.forEach((one, i) => { one.course = rest.slice(i * quarters.length, (i + 1) * quarters.length); });
  const answer = {
    draws, end, changed: base !== now, state: { ...state },
    a: all.slice(0, n), b: all.slice(n, 2 * n), ratio: all.slice(2 * n, 3 * n), rows: placed,
    drawn, quarters, ratioDrawn: rest.slice(drawn.length * quarters.length), reached: {}, bound: {},
  };
  for (const [key, actor, places] of [["a", state.a, a], ["b", state.b, b]]) {
    answer.reached[key] = {
      base: reachedBy(page.thresholds, places, page.yearEnds, base, draws),
      now: reachedBy(page.thresholds, places, page.yearEnds, now, draws),
    };
    answer.bound[key] = page.years.map((year) => ({
      base: boundBy(page, actor, year, base, draws), now: boundBy(page, actor, year, now, draws),
    }));
  }
  return answer;
}

// The draw whose value is in the middle, of equal ones the first.
function middleDraw(cell, batches, draws) {
  const all = Array.from({ length: draws }, (_, d) => [valueOf(cell, batches[Math.floor(d / LANES)], d % LANES), d]);
  all.sort((x, y) => x[0] - y[0] || x[1] - y[1]);
  return all[Math.floor((draws - 1) / 2)][1];
}

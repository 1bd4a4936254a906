// Numbers and findings as sentences.

function flop(x) {
  if (!(x > 0)) return "nothing";
  let power = Math.floor(Math.log10(x));
  let digits = (x / 10 ** power).toFixed(1);
  if (digits === "10.0") { power += 1; digits = "1.0"; }
  return `${digits}e${power}`;
}

function percent(x) {
  if (!Number.isFinite(x)) return "–";
  const p = x * 100;
  if (p > 0 && p < 0.5) return "<1%";
  if (p < 100 && p >= 99.5) return ">99%";
  return `${Math.round(p)}%`;
}

// A ratio as a change, with its sign.
function change(ratio) {
  if (!Number.isFinite(ratio)) return "–";
  const p = (ratio - 1) * 100;
  if (ratio >= 10) return `× ${ratio.toPrecision(2)}`;
  const text = Math.abs(p) < 9.95 ? Math.abs(p).toFixed(1) : String(Math.round(Math.abs(p)));
  return Number(text) === 0 ? "0%" : `${p < 0 ? "−" : "+"}${text}%`;
}

function times(x) {
  return Number.isFinite(x) ? `${x >= 100 ? Math.round(x) : Number(x.toPrecision(2))} ×` : "–";
}

// A number in three significant digits, as the terminal and the pages of runs write it.
function number(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  const digits = (y) => Number(y.toPrecision(3));
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-3) return x.toExponential(1).replace("e+", "e");
  for (const [from, unit, suffix] of [[1e12, 1e12, "T"], [1e9, 1e9, "B"], [1e6, 1e6, "M"], [1e4, 1e3, "k"]]) {
    if (digits(size) >= from) return String(digits(x / unit)) + suffix;
  }
  return digits(size) >= 1e3 ? x.toFixed(0) : String(digits(x));
}

// A name that takes no more than so many letters.
function cut(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function amount(x, unit) {
  return `${number(x)}${unit && Number.isFinite(x) ? ` ${unit}` : ""}`;
}

// Whether a cell's mean differs from the base's by more than its error; of a change that no draw shows there is nothing to tell.
function standing(numbers) {
  if (numbers.lower === 0 && numbers.higher === 0) return "same";
  return numbers.differenceLow > 0 || numbers.differenceHigh < 0 ? "apart" : "open";
}

function against(numbers) {
  const side = numbers.lower >= numbers.higher ? `lower in ${percent(numbers.lower)}` : `higher in ${percent(numbers.higher)}`;
  switch (standing(numbers)) {
    case "same": return "the same as the base in every draw";
    case "open": return "cannot be told apart from the base yet";
    default: return `${change(numbers.ratioP50)} (${change(numbers.ratioP05)} to ${change(numbers.ratioP95)}), ${side} of draws`;
  }
}

function leading(counts) {
  let best = null;
  for (const [name, share] of counts) if (!best || share > best[1]) best = [name, share];
  return best;
}

// The sentences of an answer.
function sentencesOf(page, answer) {
  const { end, state } = answer;
  const within = (id) => page.within[id] || id;
  const begin = (id) => within(id).replace(/^the /, "The ");
  const [a, b, ratio] = [answer.a[end], answer.b[end], answer.ratio[end]];
  const year = state.year;
  const now = (n) => (answer.changed ? n.nowP50 : n.p50);
  const first = answer.changed
    ? `${begin(state.b)} could train ${flop(now(b))} FLOP by the end of ${year} (base ${flop(b.p50)}): ${against(b)}.`
    : `${begin(state.b)} could train ${flop(b.p50)} FLOP by the end of ${year} (${flop(b.p05)} to ${flop(b.p95)} in nine draws of ten).`;
  const second = answer.changed
    ? `${begin(state.a)} could train ${times(now(ratio))} as much (base ${times(ratio.p50)}); itself ${flop(now(a))} FLOP, ${against(a)}.`
    : `${begin(state.a)} could train ${times(ratio.p50)} as much (${times(ratio.p05)} to ${times(ratio.p95)}): ${flop(a.p50)} FLOP.`;
  const sentences = [first, second];
  const place = page.years.indexOf(year);
  const bound = leading(answer.bound.b[place].now);
  const before = leading(answer.bound.b[place].base);
  if (bound) {
    const changed = answer.changed && before && before[0] !== bound[0] ? `; in the base ${before[0]} (${percent(before[1])})` : "";
    sentences.push(`What stops ${within(state.b)} in ${year}: ${bound[0]}, in ${percent(bound[1])} of draws${changed}.`);
  }
  if (answer.changed && standing(b) === "apart") {
    const when = caughtUp(answer.b, end);
    const shift = when === null ? "not before the end of the simulation" : `in ${page.quarters[when]}`;
    if (when !== end) sentences.push(`What the base has in ${page.quarters[end]}, it now has ${shift}, by the medians.`);
  }
  return sentences;
}

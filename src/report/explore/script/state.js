// Where the levers stand: what is changed, in words that the command line takes, and in the page's address.

// A number as a person reads it, to three digits.
function shortest(x) {
  return Number(x.toPrecision(3)).toString();
}

// The edits of a lever at a position, as TOML; nothing where it rests.
function editsOf(lever, at) {
  if (at === null || at === undefined) return "";
  const change = lever.kind === "times" ? `times = ${tomlNumber(at)}` : `value = ${tomlNumber(at)}`;
  const unit = lever.kind === "value" && lever.unit ? `unit = ${tomlText(lever.unit)}\n` : "";
  return lever.paths.map((path) => `[[set]]\npath = ${tomlText(path)}\n${change}\n${unit}`).join("\n");
}

// A double as TOML: the same bits when it is read.
function tomlNumber(x) {
  const text = String(x);
  return /^-?\d+$/.test(text) ? `${text}.0` : text.replace(/^(-?\d+)e/, "$1.0e");
}

function tomlText(text) {
  return JSON.stringify(text).replace(/\u007f/g, "\\u007f");
}

// The policy of a state: what `chokepoint compare` takes, and what is simulated here. Nothing where nothing is changed.
function policyOf(page, state) {
  const parts = [];
  const names = [];
  for (const policy of page.policies) {
    if (!state.policies.includes(policy.name)) continue;
    parts.push(policy.edits);
    names.push(policy.title);
  }
  for (const lever of page.levers) {
    if (lever.kind === "switch") continue;
    const at = state.levers[lever.id];
    const edits = editsOf(lever, at);
    if (!edits) continue;
    parts.push(edits);
    names.push(`${lever.title} ${readAs(lever, at)}`);
  }
  if (parts.length === 0) return "";
  const head = `title = ${tomlText(names.join("; "))}\nreason = "Made on the explorer's page."\n`;
  return `${head}\n${parts.join("\n")}`;
}

// A lever's position as it is read.
function readAs(lever, at) {
  if (at === null || at === undefined) return "as it is";
  if (lever.kind === "times") return `× ${shortest(at)}`;
  return lever.unit ? `${shortest(at)} ${lever.unit}` : `${shortest(at * 100)}%`;
}

function restingState(page) {
  return { levers: {}, policies: [], a: page.pair[0], b: page.pair[1], year: page.year, metric: page.metrics[0].id };
}

// A state as the part of an address behind `#`.
function addressOf(page, state, settings) {
  const parts = [["model", page.hash.slice(0, 12)]];
  for (const lever of page.levers) {
    const at = state.levers[lever.id];
    if (at !== null && at !== undefined) parts.push([`lever.${lever.id}`, String(at)]);
  }
  for (const name of state.policies) parts.push([`policy.${name}`, "1"]);
  if (state.a !== page.pair[0]) parts.push(["a", state.a]);
  if (state.b !== page.pair[1]) parts.push(["b", state.b]);
  if (state.year !== page.year) parts.push(["year", String(state.year)]);
  if (state.metric !== page.metrics[0].id) parts.push(["metric", state.metric]);
  (settings || []).forEach((s) => parts.push(["setting", `${s.name}\n${s.address}`]));
  return parts.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
}

// A state from an address, the settings that stand in it, and what of it this page does not know.
function stateOf(page, address) {
  const state = restingState(page);
  const settings = [];
  const unknown = [];
  let model = null;
  for (const part of address.replace(/^#/, "").split("&").filter(Boolean)) {
    const [key, value] = part.split("=").map((text) => {
      try { return decodeURIComponent(text); } catch { return text; }
    });
    const [kind, ...rest] = key.split(".");
    const id = rest.join(".");
    const number = Number(value);
    if (key === "model") model = value;
    else if (kind === "lever") {
      const lever = page.levers.find((l) => l.id === id && l.kind !== "switch");
      if (lever && value !== "" && number >= lever.from && number <= lever.to) state.levers[id] = number;
      else unknown.push(key);
    } else if (kind === "policy") {
      if (page.policies.some((p) => p.name === id)) state.policies.push(id);
      else unknown.push(key);
    } else if ((key === "a" || key === "b") && page.actors.some((x) => x.id === value)) state[key] = value;
    else if (key === "year" && page.years.includes(number)) state.year = number;
    else if (key === "metric" && page.metrics.some((m) => m.id === value)) state.metric = value;
    else if (key === "setting" && settings.length < 8 && value.includes("\n")) {
      const [name, ...where] = value.split("\n");
      settings.push({ name, address: where.join("\n") });
    } else unknown.push(key);
  }
  const foreign = model !== null && model !== page.hash.slice(0, 12);
  return { state, settings, unknown, foreign };
}

// States in the order in which they were left, with steps back and forth.
function historyOf(first) {
  const past = [JSON.stringify(first)];
  let at = 0;
  return {
    keep(state) {
      const text = JSON.stringify(state);
      if (text === past[at]) return;
      past.splice(at + 1, past.length, text);
      if (past.length > 200) past.shift();
      at = past.length - 1;
    },
    back: () => (at > 0 ? JSON.parse(past[(at -= 1)]) : null),
    forth: () => (at + 1 < past.length ? JSON.parse(past[(at += 1)]) : null),
    canGoBack: () => at > 0,
    canGoForth: () => at + 1 < past.length,
  };
}

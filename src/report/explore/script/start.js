// Puts the page together: unpacks the engine, starts workers, and answers whoever moves a lever.

// The smallest module with a number of sixteen bytes: whether this browser can run the engine at all.
const WIDE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

// What an element has as a text of bytes; the element goes.
function bytesOf(id) {
  const raw = atob(byId(id).textContent.trim());
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  byId(id).remove();
  return bytes;
}

function unpacked(id) {
  return new Response(new Blob([bytesOf(id)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// The draws of the scenario as it stands that came with the page, batch by batch: doubles, the last byte most significant.
function drawsWithPage(page) {
  const view = new DataView(bytesOf("base").buffer);
  const each = (page.cells.length + page.labelledInOrder.length) * LANES;
  return Array.from({ length: view.byteLength / 8 / each }, (_, b) => Float64Array.from({ length: each }, (__, i) => view.getFloat64((b * each + i) * 8, true)));
}

function refuse(text) {
  byId("sentences").replaceChildren(element("p", { class: "failed", text }));
  document.body.classList.add("failed");
}

// What of a page is looked up again and again.
function prepared(page) {
  page.names = Object.fromEntries(page.actors.map((actor) => [actor.id, actor.name]));
  page.within = Object.fromEntries(page.actors.map((actor) => [actor.id, actor.within]));
  page.place = new Map(page.cells.map((cell, i) => [cell, i]));
  page.labelledInOrder = page.labelled;
  page.labelled = new Map(page.labelledInOrder.map((label, i) => [label, i]));
  page.clashes = (name, chosen) => {
    const own = page.policies.find((p) => p.name === name);
    return page.policies.filter((p) => p.name !== name && chosen.includes(p.name) && p.paths.some((path) => own.paths.includes(path))).map((p) => p.title);
  };
  const at = (address) => page.place.get(address);
  const rows = (list) => list.filter((row) => row.cell !== undefined);
  page.tables = [
    {
      id: "flows",
      rows: (_, state) => {
        const of = (metric) => at(`${state.b}/${metric}@${state.year}Q4`);
        const [bought, imported] = [of("bought_h100e_cum"), of("imported_h100e_cum")];
        const home = bought === undefined || imported === undefined ? undefined : { less: [bought, imported] };
        return rows([
          ["bought abroad", imported], ["bought at home", home], ["smuggled", of("smuggled_h100e_cum")],
          ["owned by then", of("fleet_h100e")], ["within its labs' reach", of("accessible_h100e")],
        ].map(([name, cell]) => ({ name, cell, unit: "H100e" })));
      },
    },
    {
      id: "costs",
      rows: (_, state) => rows(page.designers.map((designer) => ({ name: designer.name, cell: at(`${designer.id}/revenue_usd_cum@${state.year}Q4`), unit: "USD" }))),
    },
  ];
  return page;
}

// The setting that workers rehearse before anybody moves a lever: the first one that slides, at its end.
function rehearsed(page) {
  const lever = page.levers.find((one) => one.kind !== "switch");
  return lever ? policyOf(page, { ...restingState(page), levers: { [lever.id]: lever.to } }) : "";
}

async function begin() {
  const page = prepared(JSON.parse(byId("page").textContent));
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(WIDE)) {
    refuse("This browser cannot run the engine: it lacks WebAssembly with numbers of sixteen bytes (SIMD), which Chrome has had since version 91, Firefox since 89 and Safari since 16.4. Another browser, or a newer one, can.");
    return;
  }
  if (typeof DecompressionStream !== "function") {
    refuse("This browser cannot unpack the engine: it lacks DecompressionStream, which Chrome has had since version 80, Firefox since 113 and Safari since 16.4. Another browser, or a newer one, can.");
    return;
  }
  const read = stateOf(page, location.hash);
  let state = read.state;
  let settings = read.settings;
  const history = historyOf(state);
  let engine = null;
  let shown = null;
  let shownOf = null;
  const figures = {
    reach: drawFigure("reach", "Who can train what, in FLOP"), ratio: drawFigure("ratio", "How many times as much"),
    bound: drawFigure("bound", "What binds"), flows: drawFigure("flows", "Where chips come from"),
  };
  byId("figures").prepend(figures.reach.figure, figures.ratio.figure);
  byId("more").prepend(figures.bound.figure, figures.flows.figure);
  const notes = [];
  if (read.foreign) notes.push("This link was made with another model: levers stand as it says, numbers may differ.");
  if (read.unknown.length > 0) notes.push(`Not known here: ${read.unknown.join(", ")}.`);
  byId("note").textContent = notes.join(" ");

  const source = new Blob([byId("engine-source").textContent, "\n", byId("worker-source").textContent], { type: "text/javascript" });
  const address = URL.createObjectURL(source);
  const cores = Math.max(1, Math.min(8, navigator.hardwareConcurrency || 2));
  const pool = poolOf(() => new Worker(address), cores, {
    opened(about) {
      // What came with the page is of the engine that came with it.
      if (about.cells.join() !== page.cells.join() || about.labels.join() !== page.labelledInOrder.join() || about.names.join() !== page.labels.join()) {
        refuse("This page is damaged: its engine measures other things than its draws. Make it again.");
        return;
      }
      document.body.dataset.opened = String(performance.now());
    },
    level(run, draws) { shownOf = { run, draws }; show(); },
    failed(run, why) {
      byId("note").textContent = `This setting cannot be simulated: ${why}`;
      document.body.classList.remove("waiting");
      document.body.dataset.failed = why;
    },
  }, drawsWithPage(page));

  const redraw = drawLevers(page, () => state, move);
  function move(next, settled) {
    state = next;
    if (settled) history.keep(state);
    delete document.body.dataset.failed;
    byId("note").textContent = "";
    settle();
  }
  function settle() {
    redraw();
    const address = addressOf(page, state, settings);
    history_replace(`#${address}`);
    byId("undo").disabled = !history.canGoBack();
    byId("redo").disabled = !history.canGoForth();
    byId("actor-a").value = state.a;
    byId("actor-b").value = state.b;
    byId("year").value = String(state.year);
    byId("metric").value = state.metric;
    const policy = policyOf(page, state);
    byId("changed").textContent = policy ? "changed" : "as it stands";
    document.body.classList.add("waiting");
    pool.ask(policy);
    const run = pool.run();
    if (run && run.policy === policy && run.level > 0) { shownOf = { run, draws: run.level }; show(); }
  }
  function show() {
    if (!engine || !shownOf) return;
    const { run, draws } = shownOf;
    const answer = answerOf(page, engine, state, pool.base, run.policy ? run.values : pool.base, draws);
    shown = answer;
    const stale = run.policy !== policyOf(page, state);
    document.body.classList.toggle("waiting", stale);
    present(page, figures, answer);
    Object.assign(document.body.dataset, { draws: String(draws), run: String(run.number), stale: String(stale), at: String(performance.now()) });
  }
  window.addEventListener("resize", () => { if (shown) present(page, figures, shown); });

  for (const [id, key] of [["actor-a", "a"], ["actor-b", "b"]]) {
    byId(id).replaceChildren(...page.actors.map((actor) => element("option", { value: actor.id, text: actor.name })));
    byId(id).addEventListener("change", (event) => { move({ ...state, [key]: event.target.value }, true); show(); });
  }
  byId("year").replaceChildren(...page.years.map((year) => element("option", { value: year, text: String(year) })));
  byId("year").addEventListener("change", (event) => { move({ ...state, year: Number(event.target.value) }, true); show(); });
  byId("metric").replaceChildren(...page.metrics.map((metric) => element("option", { value: metric.id, text: `${metric.id} [${metric.unit}]`, title: metric.about })));
  byId("metric").addEventListener("change", (event) => { move({ ...state, metric: event.target.value }, true); show(); });
  const step = (to) => { if (to) { state = to; settle(); show(); } };
  byId("undo").addEventListener("click", () => step(history.back()));
  byId("redo").addEventListener("click", () => step(history.forth()));
  byId("reset").addEventListener("click", () => move({ ...state, levers: {}, policies: [] }, true));
  byId("share").addEventListener("click", () => offer("This address has the levers in it.", location.href));
  byId("copy").addEventListener("click", () => {
    const policy = policyOf(page, state);
    offer(policy ? `Save as explored.toml, then: ${page.command} --policy explored.toml` : "Nothing is changed: there is no policy to copy.", policy);
  });
  byId("present").addEventListener("click", () => { document.body.classList.toggle("presenting"); window.dispatchEvent(new Event("resize")); });
  byId("drawer").addEventListener("click", () => {
    const open = document.body.classList.toggle("drawn");
    byId("drawer").setAttribute("aria-expanded", String(open));
  });
  byId("why").addEventListener("click", async () => {
    const last = `${state.b}/reachable_flop@${state.year}Q4`;
    const cell = page.place.get(last);
    if (!shownOf || cell === undefined) return;
    const draw = middleDraw(cell, pool.base, shownOf.draws);
    offer("The story is being told …", "");
    try {
      offer(`Draw ${draw}, in which ${page.within[state.b]} comes out in the middle of the base.`, await pool.explain(draw, { policy: policyOf(page, state), actor: state.b }));
    } catch (error) {
      offer(error.message, "");
    }
  });
  // Settings that a facilitator prepared, up to eight.
  const listSettings = () => {
    byId("settings").replaceChildren(...settings.map((setting, i) => element("button", { type: "button", text: `${i + 1} ${setting.name}`, onclick: () => recall(i) })));
  };
  const recall = (i) => {
    if (!settings[i]) return;
    const next = stateOf(page, settings[i].address).state;
    move(next, true);
    show();
  };
  byId("keep").addEventListener("click", () => {
    const name = byId("setting-name").value.trim() || `Setting ${settings.length + 1}`;
    if (settings.length >= 8) { byId("note").textContent = "There is room for eight settings."; return; }
    settings = [...settings, { name, address: addressOf(page, state, []) }];
    byId("setting-name").value = "";
    listSettings();
    settle();
  });
  listSettings();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=text], textarea, select");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      step(event.shiftKey ? history.forth() : history.back());
    } else if (event.key === "Escape") {
      document.body.classList.remove("presenting");
      document.querySelectorAll(".whole").forEach((figure) => figure.classList.remove("whole"));
      window.dispatchEvent(new Event("resize"));
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && /^[1-8]$/.test(event.key) && event.target === document.body) {
      recall(Number(event.key) - 1);
    }
  });
  window.addEventListener("hashchange", () => {
    const again = stateOf(page, location.hash);
    byId("note").textContent = again.foreign ? "This link was made with another model: levers stand as it says, numbers may differ." : "";
    state = again.state;
    settings = again.settings;
    history.keep(state);
    listSettings();
    settle();
    show();
  });
  function offer(text, copied) {
    byId("offered-words").textContent = text;
    byId("offered-text").value = copied;
    byId("offered-text").hidden = !copied;
    byId("offered").showModal();
    byId("offered-text").select();
  }
  byId("offered-copy").addEventListener("click", async () => {
    byId("offered-text").select();
    try { await navigator.clipboard.writeText(byId("offered-text").value); } catch { document.execCommand("copy"); }
  });

  const module = await WebAssembly.compile(await unpacked("engine"));
  engine = engineOf(await WebAssembly.instantiate(module, {}));
  settle();
  // The first answer is of draws that came with the page: workers, which take all cores to plan, begin once it has been drawn.
  await new Promise((then) => { setTimeout(then, 50); });
  pool.open(module, { name: page.name, scenario: page.scenario, select: page.select, seed: page.seed, keep: page.keep }, rehearsed(page));
  // For tests, and for whoever is curious.
  window.explorer = { page, pool, lanes: LANES, number, state: () => state, shown: () => shown, policy: () => policyOf(page, state), move };
}

// The address changes without a new entry in the browser's own history; a page from disk may refuse.
function history_replace(address) {
  try { window.history.replaceState(null, "", address); } catch { /* the address stays as it is */ }
}

// Shows an answer.
function present(page, figures, answer) {
  const { state, changed, end } = answer;
  // Sizes are read before anything is written: each reading after that would lay the page out anew.
  const sizes = Object.fromEntries(Object.entries(figures).map(([name, { svg }]) => {
    const box = svg.getBoundingClientRect();
    return [name, { width: Math.max(220, Math.round(box.width)), height: Math.max(120, Math.round(box.height)) }];
  }));
  byId("sentences").replaceChildren(...sentencesOf(page, answer).map((text) => element("p", { text })));
  byId("draws").textContent = `${answer.draws.toLocaleString("en")} draws`;
  byId("progress").value = LEVELS.indexOf(answer.draws) + 1;
  const powers = (v) => `1e${Math.round(Math.log10(v))}`;
  const metric = page.metrics.find((m) => m.id === state.metric);
  const reach = metric.id === "reachable_flop";
  figures.reach.heading.textContent = reach ? "Who can train what, in FLOP" : `${metric.id}, in ${metric.unit}`;
  figures.reach.heading.title = metric.about;
  const colour = (actor) => (actor === state.a ? "first" : "second");
  const marked = answer.quarters.indexOf(page.quarters[end]);
  fan(figures.reach.svg, sizes.reach, answer.quarters, answer.drawn.map(({ actor, course }) => ({ course, colour: colour(actor), name: page.names[actor] })), { changed, end: marked, anchors: reach ? page.anchors : [], labelled: powers, label: reach ? "The largest training run that each could finish, by quarter" : `${metric.id}, by quarter` });
  const quotient = answer.ratioDrawn.length > 0 ? [{ course: answer.ratioDrawn, colour: "third", name: `${page.names[state.a]} : ${page.names[state.b]}` }] : [];
  fan(figures.ratio.svg, sizes.ratio, answer.quarters, quotient, { changed, end: marked, anchors: [{ value: 1, name: "" }], labelled: (v) => (v >= 1 ? `${v}` : `1/${Math.round(1 / v)}`), label: "Ratio of the two, by quarter" });
  figures.flows.heading.textContent = `Where chips of ${page.within[state.b]} come from, to the end of ${state.year}, in H100e`;
  const flows = answer.rows.filter((row) => row.table === "flows");
  bars(figures.flows.svg, sizes.flows, flows, { changed, label: figures.flows.heading.textContent, labelled: (v) => amount(v, "") });
  const bound = ["b", "a"].map((key) => ({ name: page.names[state[key]], short: cut(page.names[state[key]], 14), bound: answer.bound[key] }));
  strips(figures.bound.svg, sizes.bound, page.years, bound, changed);
  const head = ["Quarter", "Whose", "Base 5%", "Base median", "Base 95%", "Now 5%", "Now median", "Now 95%", "P(lower)"];
  const courses = (list) => list.flatMap(([name, course, told]) => answer.quarters.map((q, t) => [q, name, course[t], told]));
  const told_ = reach ? flop : (x) => amount(x, "");
  const courseRows = courses(answer.drawn.map(({ actor, course }) => [page.names[actor], course, told_]));
  const ratioRows = courses(quotient.map(({ course, name }) => [name, course, times]));
  for (const [figure, rows] of [[figures.reach, courseRows], [figures.ratio, ratioRows]]) {
    const plain = ([q, name, n]) => [q, name, n.p05, n.p50, n.p95, n.nowP05, n.nowP50, n.nowP95, n.lower];
    figure.files.csv = () => csvOf(head, rows.map(plain));
    const told = rows.filter(([q]) => q.endsWith("Q4")).map(([q, name, n, say]) => [q, name, ...[n.p05, n.p50, n.p95, n.nowP05, n.nowP50, n.nowP95].map(say), percent(n.lower)]);
    figure.holder.replaceChildren(table("At year ends; the file has every quarter", head, told));
  }
  const causes = [["b", state.b], ["a", state.a]].flatMap(([key, id]) => page.years.flatMap((year, i) => ["base", "now"].flatMap((side) => [...answer.bound[key][i][side]].map(([cause, share]) => [String(year), page.names[id], side, cause, share]))));
  const causeHead = ["Year", "Whose", "Side", "What binds", "Share of draws"];
  figures.bound.files.csv = () => csvOf(causeHead, causes);
  figures.bound.holder.replaceChildren(table("What binds", causeHead, causes.map((row) => [...row.slice(0, 4), percent(row[4])])));
  const place = page.years.indexOf(state.year);
  const reached = page.thresholds.flatMap((level, l) => [["b", state.b], ["a", state.a]].map(([key, id]) => {
    const [before, now] = [answer.reached[key].base[l][place], answer.reached[key].now[l][place]];
    return [flop(level).replace(".0e", "e"), page.names[id], percent(before), changed ? percent(now) : "", changed && before === now ? "=" : ""];
  }));
  byId("reached").replaceChildren(table(`Reached by the end of ${state.year}`, ["FLOP", "Who", "Base", changed ? "Now" : "", ""], reached));
  const told = (id) => answer.rows.filter((row) => row.table === id).map((row) => {
    const n = row.numbers;
    const change_ = !changed || standing(n) === "same" ? "" : standing(n) === "open" ? "not apart yet" : change(n.ratioP50);
    return [row.name, amount(n.p50, row.unit), changed ? amount(n.nowP50, row.unit) : "", change_];
  });
  const flowHead = ["What", "Base 5%", "Base median", "Base 95%", "Now 5%", "Now median", "Now 95%", "P(lower)"];
  const flowRow = ({ name, numbers: n }) => [name, n.p05, n.p50, n.p95, n.nowP05, n.nowP50, n.nowP95, n.lower];
  figures.flows.files.csv = () => csvOf(flowHead, flows.map(flowRow));
  figures.flows.holder.replaceChildren(table(figures.flows.heading.textContent, flowHead, flows.map((row) => flowRow(row).map((x, i) => (i === 0 ? x : i === 7 ? percent(x) : amount(x, ""))))));
  byId("costs").replaceChildren(table(`Revenue of designers since ${page.quarters[0].slice(0, 4)}, to the end of ${state.year}`, ["", "Base", changed ? "Now" : "", ""], told("costs")));
}

begin().catch((error) => refuse(`The page cannot start: ${error.message}`));

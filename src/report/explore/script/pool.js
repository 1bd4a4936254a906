// Workers, and what they do: one run in flight, the latest wins, and draws of the base are simulated once.
// Draws after which an answer is given.
const LEVELS = [64, 256, 1024, 4096];
// Batches of the scenario as it stands that a worker's engine keeps at the quarter from which most changes act.
const KEPT = 256 / LANES;

// `spawn` makes a worker; `told` takes what happens: level(run, draws), failed(run, why), opened(about); `base` has batches of the
// scenario as it stands that are there already.
function poolOf(spawn, count, told, base) {
  const workers = [];
  // What was asked for last, what is simulated, and what waits until that has its first answer.
  let run = null;
  let pending = null;
  let number = 0;
  let nextId = 0;
  let goal = LEVELS[LEVELS.length - 1];
  const questions = [];
  // Who keeps which batch: of a change it is given the same ones.
  const keepers = [];

  const start = (policy) => {
    number += 1;
    run = { number, policy, values: policy ? [] : base, level: 0, asked: [], failed: false };
    workers.forEach(give);
  };
  const batches = (draws) => draws / LANES;
  const has = (list, upTo) => {
    for (let b = 0; b < upTo; b += 1) if (!(list[b] instanceof Float64Array)) return false;
    return true;
  };
  const kept = (worker, b) => {
    if (keepers[b] !== undefined || worker.keeps >= KEPT) return;
    keepers[b] = worker;
    worker.keeps += 1;
  };
  // The next batch that nobody has been given: of the base first, then of the change, level by level; one that another worker keeps only
  // where there is no other.
  const next = (worker) => {
    if (!run || run.failed) return null;
    for (const level of LEVELS) {
      if (level > goal) return null;
      let others = null;
      for (let b = 0; b < batches(level); b += 1) {
        if (base[b] === undefined) {
          base[b] = null;
          kept(worker, b);
          return { changed: false, batch: b };
        }
        if (!run.policy || run.values[b] !== undefined) continue;
        if (keepers[b] === undefined || keepers[b] === worker) {
          run.values[b] = null;
          return { changed: true, batch: b };
        }
        others ??= b;
      }
      if (others !== null) {
        run.values[others] = null;
        return { changed: true, batch: others };
      }
    }
    return null;
  };
  const send = (worker, message, then) => {
    nextId += 1;
    worker.waiting.set(nextId, then);
    worker.port.postMessage({ ...message, id: nextId });
  };
  function give(worker) {
    while (worker.ready && worker.waiting.size < 2) {
      if (questions.length > 0) {
        const question = questions.shift();
        send(worker, question.message, question.then);
        continue;
      }
      if (!run || run.failed) return;
      if (run.policy && worker.run !== run.number) {
        const mine = run;
        worker.run = mine.number;
        worker.rehearsal = "";
        send(worker, { do: "change", policy: mine.policy, run: mine.number }, (answer) => {
          if (answer.error && mine === run && !mine.failed) {
            mine.failed = true;
            told.failed(mine, answer.error);
            proceed();
          }
        });
        continue;
      }
      if (!run.policy && worker.unkept.length > 0) {
        send(worker, { do: "keep", batch: worker.unkept.shift() }, () => {});
        continue;
      }
      // The first change would take longer than others: browsers compile well what has run, and memory grows. So it is made once for nobody.
      if (!run.policy && worker.rehearsal && run.level >= Math.min(goal, LEVELS[1])) {
        send(worker, { do: "change", policy: worker.rehearsal }, () => {});
        send(worker, { do: "simulate", changed: true, batch: Math.max(0, keepers.indexOf(worker)) }, () => {});
        worker.rehearsal = "";
        continue;
      }
      const task = next(worker);
      if (!task) return;
      const mine = run;
      const list = task.changed ? mine.values : base;
      send(worker, { do: "simulate", ...task, run: mine.number }, (answer) => {
        if (answer.error) {
          list[task.batch] = undefined;
          if (mine === run && !mine.failed) {
            mine.failed = true;
            told.failed(mine, answer.error);
            proceed();
          }
          return;
        }
        list[task.batch] = answer.values;
        advance();
      });
    }
  }
  function advance() {
    for (const level of LEVELS) {
      if (level <= run.level || run.failed) continue;
      if (!has(base, batches(level)) || !has(run.values, batches(level))) return;
      run.level = level;
      told.level(run, level);
      if (pending !== null) { proceed(); return; }
      workers.forEach(give);
    }
  }
  function proceed() {
    if (pending === null) return;
    const policy = pending;
    pending = null;
    start(policy);
    advance();
  }
  for (let i = 0; i < count; i += 1) {
    const worker = { port: spawn(), waiting: new Map(), ready: false, run: 0, keeps: 0, unkept: [], rehearsal: "" };
    worker.port.onmessage = ({ data: answer }) => {
      const then = worker.waiting.get(answer.id);
      worker.waiting.delete(answer.id);
      then(answer);
      give(worker);
    };
    workers.push(worker);
  }
  return {
    // `rehearsal` is a policy that nobody has asked for.
    open(module, request, rehearsal) {
      workers.forEach((worker) => { worker.rehearsal = rehearsal; });
      // Draws that came with the page have not been simulated here.
      base.forEach((_, b) => {
        const worker = workers[b % workers.length];
        kept(worker, b);
        worker.unkept.push(b);
      });
      workers.forEach((worker, i) => send(worker, { do: "open", module, request }, (answer) => {
        if (answer.error) { if (i === 0) told.failed(run, answer.error); return; }
        worker.ready = true;
        if (i === 0) told.opened(answer.about);
      }));
    },
    // Simulates the base under a policy, a text; none for the base alone.
    ask(policy) {
      if (run && run.policy === policy && !run.failed) { pending = null; return; }
      // What is in flight gives its first answer, and only the latest of those who wait is simulated.
      if (run && run.policy && run.level === 0 && !run.failed) { pending = policy; return; }
      pending = null;
      start(policy);
      advance();
    },
    // Simulates no more than so many draws.
    upTo(draws) { goal = draws; workers.forEach(give); },
    explain(draw, request) {
      return new Promise((done, fail) => {
        questions.push({ message: { do: "explain", draw, request }, then: (a) => (a.error ? fail(new Error(a.error)) : done(a.text)) });
        workers.forEach(give);
      });
    },
    base,
    // A batch of the scenario as it stands, simulated here and now.
    again(batch) {
      return new Promise((done, fail) => {
        questions.push({ message: { do: "simulate", changed: false, batch }, then: (a) => (a.error ? fail(new Error(a.error)) : done(a.values)) });
        workers.forEach(give);
      });
    },
    // Whether nothing waits.
    idle: () => pending === null && workers.every((w) => w.ready && w.waiting.size === 0),
    run: () => run,
  };
}

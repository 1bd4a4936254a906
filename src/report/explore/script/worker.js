// A worker: a scenario of its own, which it plans and simulates as it is told, one message after another.
let engine = null;
onmessage = async ({ data: asked }) => {
  const answer = { id: asked.id, run: asked.run };
  const hands = [];
  try {
    if (asked.do === "open") {
      engine = engineOf(await WebAssembly.instantiate(asked.module, {}));
      answer.about = engine.open(asked.request);
    } else if (asked.do === "change") {
      engine.change(asked.policy);
    } else if (asked.do === "keep") {
      engine.keep(asked.batch);
    } else if (asked.do === "simulate") {
      answer.values = engine.simulate(asked.changed, asked.batch);
      hands.push(answer.values.buffer);
    } else {
      answer.text = engine.explain(asked.draw, asked.request);
    }
  } catch (error) {
    answer.error = error.message;
  }
  postMessage(answer, hands);
};

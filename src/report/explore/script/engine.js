"use strict";
// The engine's face: texts and numbers across the border of WebAssembly. Used by the page and by its workers.
function engineOf(instance) {
  const face = instance.exports;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const told = () => decoder.decode(new Uint8Array(face.memory.buffer, face.told(), face.told_bytes()));
  const put = (bytes) => {
    const at = face.room(bytes.byteLength);
    new Uint8Array(face.memory.buffer, at, bytes.byteLength).set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  };
  const call = (work) => {
    let done;
    try {
      done = work();
    } catch (trap) {
      throw new Error(told() || String(trap));
    }
    if (!done) throw new Error(told());
    return told();
  };
  const values = () => new Float64Array(face.memory.buffer, face.values(), face.value_count()).slice();
  return {
    open: (request) => { put(encoder.encode(JSON.stringify(request))); return JSON.parse(call(() => face.open())); },
    change: (policy) => { put(encoder.encode(policy)); call(() => face.change()); },
    keep: (batch) => { call(() => face.keep(batch)); },
    simulate: (changed, batch) => { call(() => face.simulate(changed ? 1 : 0, batch)); return values(); },
    explain: (draw, request) => { put(encoder.encode(JSON.stringify(request))); return call(() => face.explain(draw)); },
    summarise: (cells) => { call(() => face.summarise(cells)); },
    add: (doubles) => { put(doubles); call(() => face.add()); },
    finish: () => { call(() => face.finish()); return values(); },
  };
}

// What a person sees and touches.

const byId = (id) => document.getElementById(id);

// The levers, in their groups, and the policies among them.
function drawLevers(page, state, moved) {
  const home = byId("levers");
  const redraw = [];
  const groups = [...new Set(page.levers.map((lever) => lever.group))];
  for (const group of groups) {
    const box = element("fieldset", { class: "group" }, element("legend", { text: group }));
    for (const lever of page.levers.filter((l) => l.group === group)) {
      box.append(lever.kind === "switch" ? drawSwitch(page, lever, state, moved, redraw) : drawSlider(lever, state, moved, redraw));
    }
    home.append(box);
  }
  const listed = page.levers.filter((l) => l.kind === "switch").map((l) => l.policy);
  const rest = page.policies.filter((p) => !listed.includes(p.name));
  if (rest.length > 0) {
    const list = element("div", { class: "policies" });
    for (const policy of rest) {
      list.append(drawSwitch(page, { id: policy.name, title: policy.title, policy: policy.name, about: policy.reason, source: policy.source }, state, moved, redraw));
    }
    home.append(element("fieldset", { class: "group wide" }, element("legend", { text: "Policies of the scenario" }), list));
  }
  return () => redraw.forEach((one) => one());
}

function drawSwitch(page, lever, state, moved, redraw) {
  const id = `switch-${lever.id}`;
  const box = element("input", { type: "checkbox", id, role: "switch", "data-policy": lever.policy });
  box.addEventListener("change", () => {
    const current = state();
    const rest = current.policies.filter((p) => p !== lever.policy);
    moved({ ...current, policies: box.checked ? [...rest, lever.policy] : rest }, true);
  });
  const clash = element("span", { class: "clash" });
  redraw.push(() => {
    box.checked = state().policies.includes(lever.policy);
    const others = box.checked ? page.clashes(lever.policy, state().policies) : [];
    clash.textContent = others.length > 0 ? `changes the same as: ${others.join(", ")}` : "";
  });
  return element("div", { class: "lever switch" }, box, element("label", { for: id, text: lever.title, title: lever.title }), drawPage(lever), clash);
}

// A lever's own page, folded.
function drawPage(lever) {
  const rows = [
    ["Today", lever.today], ["Range", lever.range], ["Says who", lever.source], ["In the scenario", (lever.paths || []).join(", ") || (lever.policy ? `policy ${lever.policy}` : "")],
    ["Moves", lever.moves],
  ].filter(([, text]) => text);
  return element("details", { class: "about" }, element("summary", { "aria-label": `About ${lever.title}`, text: "?" }),
    element("div", {}, element("p", { text: lever.about || "" }), element("dl", {}, ...rows.flatMap(([term, text]) => [element("dt", { text: term }), element("dd", { text })]))));
}

function drawSlider(lever, state, moved, redraw) {
  const id = `lever-${lever.id}`;
  const toTrack = (v) => (lever.step === "log" ? Math.log(v) : v);
  const fromTrack = (u) => (lever.step === "log" ? Math.exp(u) : u);
  const [low, high] = [toTrack(lever.from), toTrack(lever.to)];
  const rest = lever.kind === "times" ? 1 : lever.middle;
  const slider = element("input", { type: "range", id, min: 0, max: 200, step: 1, "data-lever": lever.id });
  const place = (v) => Math.round(((toTrack(v) - low) / (high - low)) * 200);
  const said = element("output", { for: id });
  const value = () => {
    const u = Number(slider.value);
    if (Number.isFinite(rest) && u === place(rest)) return null;
    return Math.min(lever.to, Math.max(lever.from, Number(fromTrack(low + (u / 200) * (high - low)).toPrecision(3))));
  };
  const move = (settled) => {
    const levers = { ...state().levers };
    const at = value();
    if (at === null) delete levers[lever.id]; else levers[lever.id] = at;
    moved({ ...state(), levers }, settled);
  };
  slider.addEventListener("input", () => move(false));
  slider.addEventListener("change", () => move(true));
  slider.addEventListener("dblclick", () => {
    const levers = { ...state().levers };
    delete levers[lever.id];
    moved({ ...state(), levers }, true);
  });
  redraw.push(() => {
    const at = state().levers[lever.id];
    slider.value = String(place(at ?? (Number.isFinite(rest) ? rest : lever.from)));
    said.textContent = readAs(lever, at);
    slider.setAttribute("aria-valuetext", readAs(lever, at));
    said.classList.toggle("moved", at !== undefined);
  });
  // What nobody knows of today: inside it nothing is a policy.
  const track = element("div", { class: "track" });
  if (lever.p05 !== undefined && lever.p95 > lever.p05) {
    const share = (v) => Math.min(100, Math.max(0, ((toTrack(Math.min(lever.to, Math.max(lever.from, v))) - low) / (high - low)) * 100));
    const band = element("span", { class: "unknown", title: "what is not known of today: 90% of draws" });
    band.style.left = `${share(lever.p05)}%`;
    band.style.width = `${Math.max(1, share(lever.p95) - share(lever.p05))}%`;
    track.append(band);
  }
  track.append(slider);
  return element("div", { class: "lever" }, element("label", { for: id, text: lever.title, title: lever.title }), said, drawPage(lever), track);
}

// A figure with its buttons: the whole screen, its table, and files.
function drawFigure(id, title) {
  const svg = shape("svg", { role: "img", "aria-label": title, id: `${id}-svg` });
  const behind = element("details", { class: "behind" }, element("summary", { text: "Table" }));
  const holder = element("div", { class: "scroll" });
  behind.append(holder);
  const figure = element("figure", { id });
  const caption = element("figcaption", {}, element("span", { text: title, class: "heading" }));
  const files = { csv: () => "", svg };
  caption.append(
    element("button", { type: "button", text: "⤢", title: "Whole screen", "aria-label": `${title}: the whole screen`, onclick: () => { figure.classList.toggle("whole"); window.dispatchEvent(new Event("resize")); } }),
    element("button", { type: "button", text: "CSV", "aria-label": `${title}: its numbers as CSV`, onclick: () => save(`${id}.csv`, "text/csv", files.csv()) }),
    element("button", { type: "button", text: "SVG", "aria-label": `${title}: as SVG`, onclick: () => save(`${id}.svg`, "image/svg+xml", svgText(svg)) }),
    element("button", { type: "button", text: "PNG", "aria-label": `${title}: as PNG`, onclick: () => savePng(`${id}.png`, svg) }),
  );
  figure.append(caption, svg, behind);
  return { figure, svg, holder, files, heading: caption.querySelector(".heading") };
}

function save(name, type, text) {
  const link = element("a", { href: URL.createObjectURL(text instanceof Blob ? text : new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A figure with the style that it has here, so that it stands alone.
function svgText(svg) {
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", SVG);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    for (const key of ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-family"]) node.style.setProperty(key, style.getPropertyValue(key));
  });
  return new XMLSerializer().serializeToString(copy);
}

async function savePng(name, svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg))}`;
  await image.decode();
  const canvas = element("canvas", { width: width * 2, height: height * 2 });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, width * 2, height * 2);
  context.drawImage(image, 0, 0, width * 2, height * 2);
  canvas.toBlob((blob) => save(name, "image/png", blob));
}

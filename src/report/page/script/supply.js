/* Compute, flows, limits, facilities, the supply chain. */

/* Values over time with bars to the 5% and 95% quantiles. */
function barred(list, i, label, scale, show, offset) {
  return {
    x: list.map((r) => Number(r.quarter.slice(0, 4)) + offset), y: list.map((r) => scale * r.p50), mode: 'lines+markers', name: label,
    line: { color: hue(i), width: 1.5 }, marker: { color: hue(i), size: 7, symbol: ['circle', 'square', 'diamond', 'triangle-up', 'cross'][i % 5] },
    error_y: {
      type: 'data', symmetric: false, color: hue(i), thickness: 1.2, width: 3,
      array: list.map((r) => scale * (r.p95 - r.p50)), arrayminus: list.map((r) => scale * (r.p50 - r.p05)),
    },
    text: list.map((r) => `${label}, end of ${r.quarter.slice(0, 4)}: ${show(r.p50)}<br>90%: ${show(r.p05)} to ${show(r.p95)}`), hoverinfo: 'text',
  };
}

FIGURES.shares = (figure) => () => {
  retitle(figure, '');
  const all = rows('shares', { policy: shown.policy });
  const last = distinct(all.map((r) => r.quarter)).sort().pop();
  const largest = all.filter((r) => r.quarter === last && r.p50 > 0).sort((a, b) => b.p50 - a.p50).slice(0, 5).map((r) => r.actor);
  const traces = largest.map((actor, i) => barred(all.filter((r) => r.actor === actor), i, plain(name(actor)), 100, percent, 0.06 * (i - 2)));
  draw(figure, traces, {
    height: 380,
    xaxis: axis({ title: { text: 'end of year' }, dtick: narrow() ? 2 : 1, tickformat: 'd' }),
    yaxis: axis({ title: { text: "share of the world's compute [%]" }, rangemode: 'tozero' }),
  });
};

FIGURES.holdings = (figure, redraw) => {
  const actors = distinct(dataset('holdings').columns.actor).filter((a) => rows('holdings', { actor: a }).some((r) => r.p50 > 0));
  const actor = choice(figure, 'Country', actorOptions(actors), figure.about.chosen, redraw);
  return () => {
    retitle(figure, actor());
    const kinds = [['fleet_h100e', 'owned'], ['rented_h100e', 'rented'], ['smuggled_h100e_cum', 'smuggled so far']];
    const traces = [];
    const values = [];
    kinds.forEach(([metric, label], i) => {
      const list = rows('holdings', { policy: shown.policy, actor: actor(), metric }).filter((r) => r.p50 > 0);
      values.push(...list.flatMap((r) => [r.p05 > 0 ? r.p05 : r.p50, r.p95]));
      if (list.length) traces.push(barred(list, i, label, 1, (x) => number(x) + ' H100e', 0.05 * (i - 1)));
    });
    draw(figure, traces, {
      height: 380,
      xaxis: axis({ title: { text: 'end of year' }, dtick: narrow() ? 2 : 1, tickformat: 'd' }),
      yaxis: logAxis('compute [H100 equivalents]', values),
    });
  };
};

const OTHER = 'other chips';
const CHANNELS = { legal: 'blue', licensed: 'amber', smuggled: 'red', seized: 'pink' };

FIGURES.flows = (figure, redraw) => {
  const years = distinct(dataset('flows').columns.year);
  const year = choice(figure, 'Year', years.map((y) => ({ value: y, label: y })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, year());
    const all = rows('flows', { policy: shown.policy, year: year() });
    const sold = all.filter((r) => r.stage === 'sold');
    const total = sold.reduce((sum, r) => sum + r.mean, 0);
    const byChip = new Map();
    for (const r of sold) byChip.set(r.from, (byChip.get(r.from) || 0) + r.mean);
    const small = (chip) => (byChip.get(chip) || 0) < 0.008 * total && !sold.some((r) => r.from === chip && r.channel === 'smuggled' && r.mean > 0.004 * total);
    const chipName = (chip) => (small(chip) ? OTHER : chip);
    const links = new Map();
    for (const r of all) {
      const from = r.stage === 'sold' ? chipName(r.from) : r.from;
      const to = r.stage === 'made' ? chipName(r.to) : r.to;
      const key = JSON.stringify([r.stage, from, to, r.channel]);
      links.set(key, (links.get(key) || 0) + r.mean);
    }
    const list = [...links].map(([key, mean]) => [...JSON.parse(key), mean]).filter((l) => l[4] > 0.0005 * total);
    const names = distinct(list.flatMap((l) => [l[1], l[2]]));
    const column = (n) => (list.some((l) => l[0] === 'made' && l[1] === n) ? 0 : n.startsWith('country.') ? 2 : 1);
    const size = (n) => list.reduce((sum, l) => sum + (l[1] === n || l[2] === n ? l[4] : 0), 0);
    if (!list.length) return draw(figure, [], {});
    draw(figure, [{
      type: 'sankey', arrangement: 'snap', valueformat: '.3s', valuesuffix: ' chips',
      node: {
        label: names.map((n) => (narrow() && size(n) < 0.05 * total ? '' : plain(name(n)))), pad: 14, thickness: 14,
        color: names.map((n) => colour(['grey', 'sky', 'green'][column(n)])), line: { width: 0 },
        customdata: names.map((n) => plain(name(n))), hovertemplate: '%{customdata}<extra></extra>',
      },
      link: {
        source: list.map((l) => names.indexOf(l[1])), target: list.map((l) => names.indexOf(l[2])), value: list.map((l) => l[4]),
        color: list.map((l) => (l[0] === 'made' ? faded(colour('grey'), 0.3) : faded(colour(CHANNELS[l[3]] || 'grey'), 0.5))),
        /* A sum of small flows stands in no table: it is drawn, but not told as a number. */
        customdata: list.map((l) => `${plain(name(l[1]))} to ${plain(name(l[2]))}${l[0] === 'sold' ? ', ' + l[3] : ''}` + (l[1] === OTHER || l[2] === OTHER ? '' : `: ${number(l[4])} chips`)),
        hovertemplate: '%{customdata}<extra></extra>',
      },
    }], { height: narrow() ? 520 : 560, margin: { l: 4, r: 4, t: 8, b: 8 } });
    legend(figure, distinct(list.filter((l) => l[0] === 'sold').map((l) => l[3])).map((c) => [colour(CHANNELS[c] || 'grey'), c]));
  };
};

/* A legend of colours under the choices of a figure. */
function legend(figure, entries) {
  let box = figure.root.querySelector('.legend');
  if (!box) {
    box = document.createElement('div');
    box.className = 'legend';
    figure.place.before(box);
  }
  box.replaceChildren(...entries.map(([fill, label]) => {
    const item = document.createElement('span');
    const sign = document.createElement('i');
    sign.style.background = fill;
    item.append(sign, label);
    return item;
  }));
}

const CAUSES = { chips: 'blue', money: 'amber', power: 'red', interconnect: 'pink', data: 'green', demand: 'grey', ramp: 'pink', rules: 'green' };

FIGURES.bound = (figure, redraw) => {
  const label = {
    lab: 'labs: largest run', 'lab-effective': 'labs: largest run, data counted', chip: 'chips: production',
    'lab-root': 'labs: what the chips that they lack want', 'lab-root-at-home': 'labs: the same of chips designed at home',
  };
  const what = (r) => r.root || r.cause;
  const kinds = distinct(dataset('bound').columns.subject_kind);
  const kind = choice(figure, 'Of', kinds.map((k) => ({ value: k, label: label[k] || k })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, kind());
    const all = rows('bound', { policy: shown.policy, subject_kind: kind() });
    const quarters = distinct(all.map((r) => r.quarter)).sort();
    const causes = distinct(all.map(what));
    const spare = ['sky', 'amber', 'green', 'blue', 'red'];
    const hues = causes.map((c) => CAUSES[c] || spare[causes.filter((d) => !CAUSES[d]).indexOf(c) % spare.length]);
    const subjects = distinct(all.map((r) => r.subject)).reverse();
    const cells = new Map();
    for (const r of all) {
      const key = r.subject + '@' + r.quarter;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(r);
    }
    /* One layer a cause, so that its colour can be fuller where its share is larger. */
    const y = subjects;
    const traces = causes.map((cause, i) => {
      const text = [];
      const z = subjects.map((s) => {
        const words = [];
        const line = quarters.map((q) => {
          const found = (cells.get(s + '@' + q) || []).slice().sort((a, b) => b.share - a.share);
          words.push(found.length ? `${plain(name(s))}, ${q}<br>` + found.map((r) => `${plain(what(r).replace('good.', ''))}: ${percent(r.share)}`).join('<br>') : '');
          return found.length && what(found[0]) === cause ? found[0].share : null;
        });
        text.push(words);
        return line;
      });
      return {
        type: 'heatmap', x: quarters, y, z, text, hoverinfo: 'text', hoverongaps: false, zmin: 0.2, zmax: 1, showscale: false, xgap: 1, ygap: 1,
        colorscale: [[0, onPaper(colour(hues[i]), 0.35)], [1, colour(hues[i])]],
      };
    });
    draw(figure, traces, {
      height: 90 + (subjects.length > 20 ? 17 : 24) * subjects.length,
      xaxis: yearAxis(quarters, { showgrid: false }),
      yaxis: axis({
        type: 'category', showgrid: false, tickfont: { size: subjects.length > 20 ? 10 : 12 }, categoryorder: 'array', categoryarray: subjects,
        tickmode: 'array', tickvals: subjects, ticktext: subjects.map((s) => short(name(s), narrow() ? 18 : 40)), range: [-0.5, subjects.length - 0.5],
      }),
    });
    const seen = causes.filter((c, i) => traces[i].z.some((line) => line.some((v) => v !== null)));
    legend(figure, seen.map((c) => [colour(hues[causes.indexOf(c)]), c.replace('good.', '')]));
  };
};

FIGURES.facilities = (figure) => () => {
  retitle(figure, '');
  const all = rows('facilities', { policy: shown.policy, metric: 'utilisation' }).filter((r) => r.actor.startsWith('facility.'));
  const years = distinct(all.map((r) => r.quarter)).sort();
  const last = (actor) => (all.find((r) => r.actor === actor && r.quarter === years[years.length - 1]) || {}).p50 || 0;
  const actors = distinct(all.map((r) => r.actor)).sort((a, b) => last(a) - last(b));
  const find = new Map(all.map((r) => [r.actor + '@' + r.quarter, r]));
  const cell = (a, q) => find.get(a + '@' + q);
  const capacity = new Map(rows('facilities', { policy: shown.policy, metric: 'capacity' }).map((r) => [r.actor + '@' + r.quarter, r]));
  const z = actors.map((a) => years.map((q) => (cell(a, q) ? 100 * cell(a, q).p50 : null)));
  const hover = actors.map((a) => years.map((q) => {
    const r = cell(a, q);
    const c = capacity.get(a + '@' + q);
    return r ? `${plain(name(a))}, end of ${q.slice(0, 4)}<br>used: ${percent(r.p50)} (90%: ${percent(r.p05)} to ${percent(r.p95)})` + (c ? `<br>capacity: ${number(c.p50)} ${plain(c.unit)}` : '') : '';
  }));
  const across = years.map((q) => q.slice(0, 4));
  draw(figure, [{
    type: 'heatmap', x: across, y: actors, z,
    customdata: hover, hovertemplate: '%{customdata}<extra></extra>', zmin: 0, zmax: 100, xgap: 1, ygap: 1,
    colorscale: [[0, onPaper(colour('blue'), 0.04)], [1, colour('blue')]], showscale: !narrow(),
    colorbar: { title: { text: 'used [%]', side: 'right' }, thickness: 10, outlinewidth: 0 },
  }, ...(narrow() ? [] : [numbersOn(across, actors, (i, j) => (z[j][i] === null ? '' : String(Math.round(z[j][i]))), (i, j) => z[j][i] / 100, colour('blue'), 0.04)])], {
    height: 90 + 30 * actors.length, showlegend: false,
    xaxis: axis({
      type: 'category', title: { text: 'end of year' }, showgrid: false, range: [-0.5, across.length - 0.5], tickmode: 'array', tickvals: across.filter((_, i) => !narrow() || i % 2 === 0), tickangle: 0,
    }),
    yaxis: axis({
      type: 'category', showgrid: false, categoryorder: 'array', categoryarray: actors, tickmode: 'array', tickvals: actors,
      ticktext: actors.map((a) => short(name(a), narrow() ? 20 : 44)), tickfont: { size: narrow() ? 10 : 12 }, range: [-0.5, actors.length - 0.5],
    }),
  });
};

/* Training runs: fan chart, thresholds, spread at a date. */

FIGURES.fan = (figure, redraw) => {
  const actors = distinct(dataset('runs').columns.actor);
  const actor = choice(figure, 'Actor', actorOptions(actors), figure.about.chosen, redraw);
  const levels = distinct(dataset('thresholds').columns.threshold_flop || []);
  return () => {
    retitle(figure, actor());
    const of = (metric) => rows('runs', { policy: shown.policy, actor: actor(), metric });
    const reachable = of('reachable_flop');
    const run = of('run_flop');
    const traces = [];
    const band = (list, low, high, fill, label) => {
      if (!list.length) return;
      const x = list.map((r) => r.quarter);
      traces.push({ x, y: list.map((r) => r[low]), mode: 'lines', line: { width: 0 }, hoverinfo: 'skip', showlegend: false });
      traces.push({ x, y: list.map((r) => r[high]), mode: 'lines', line: { width: 0 }, fill: 'tonexty', fillcolor: fill, hoverinfo: 'skip', name: label, showlegend: !!label });
    };
    const line = (list, hueName, dash, label) => {
      if (!list.length) return;
      traces.push({
        x: list.map((r) => r.quarter), y: list.map((r) => r.p50), mode: 'lines', name: label,
        line: { color: colour(hueName), width: 2.5, dash },
        text: list.map((r) => `${r.quarter}<br>${label}: ${number(r.p50)} FLOP<br>90%: ${number(r.p05)} to ${number(r.p95)}`), hoverinfo: 'text',
      });
    };
    band(run, 'p05', 'p95', faded(colour('red'), 0.13), '');
    band(reachable, 'p05', 'p95', faded(colour('blue'), 0.17), '90% of draws');
    band(reachable, 'p25', 'p75', faded(colour('blue'), 0.3), '50%');
    line(reachable, 'blue', 'solid', 'could finish');
    line(run, 'red', 'dash', 'expected to have finished');
    const values = reachable.concat(run).flatMap((r) => [r.p05, r.p95]).filter((v) => v > 0);
    const low = Math.log10(Math.min(...values));
    const high = Math.log10(Math.max(...values));
    const inside = levels.filter((l) => Math.log10(l) > low - 0.2 && Math.log10(l) < high + 0.2);
    /* Thresholds are named beside the figure, where no band crosses them. */
    const named = (l) => tick(l) + (narrow() || !PAGE.run.anchors[tick(l)] ? '' : '<br>' + wrapped(PAGE.run.anchors[tick(l)], 24, 4));
    const lines = new Map(inside.map((l) => [l, named(l).split('<br>')]));
    const widest = Math.max(0, ...[...lines.values()].flat().map((t) => t.length));
    draw(figure, traces, {
      height: narrow() ? 380 : 460, margin: { l: 12, r: 12 + 6.4 * widest, t: 12, b: 12 },
      xaxis: yearAxis(reachable.concat(run).map((r) => r.quarter)),
      yaxis: logAxis('training run [FLOP]', values),
      shapes: inside.map((l) => ({ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: l, y1: l, line: { color: colour('grey'), width: 1, dash: 'dot' } })),
      annotations: inside.map((l) => ({ xref: 'paper', x: 1, y: Math.log10(l), xanchor: 'left', yanchor: 'middle', xshift: 6, align: 'left', showarrow: false, text: lines.get(l).join('<br>'), font: { color: colour('soft'), size: 11 } })),
    });
  };
};

FIGURES.reached = (figure, redraw) => {
  const actors = distinct(dataset('thresholds').columns.actor);
  const actor = choice(figure, 'Actor', actorOptions(actors), figure.about.chosen, redraw);
  return () => {
    retitle(figure, actor());
    const all = rows('thresholds', { policy: shown.policy, actor: actor(), metric: 'reachable_flop' });
    const levels = distinct(all.map((r) => r.threshold_flop));
    const traces = [];
    levels.forEach((level, i) => {
      const list = all.filter((r) => r.threshold_flop === level);
      const x = list.map((r) => r.quarter);
      traces.push({ x, y: list.map((r) => 100 * r.low), mode: 'lines', line: { width: 0 }, hoverinfo: 'skip', showlegend: false });
      traces.push({ x, y: list.map((r) => 100 * r.high), mode: 'lines', line: { width: 0 }, fill: 'tonexty', fillcolor: faded(hue(i), 0.2), hoverinfo: 'skip', showlegend: false });
      traces.push({
        x, y: list.map((r) => 100 * r.probability), mode: 'lines', name: tick(level) + ' FLOP', line: { color: hue(i), width: 2.5, dash: ['solid', 'dash', 'dot', 'dashdot'][i % 4] },
        text: list.map((r) => `${r.quarter}<br>${tick(level)} FLOP reached: ${percent(r.probability)}<br>95%: ${percent(r.low)} to ${percent(r.high)}`), hoverinfo: 'text',
      });
    });
    draw(figure, traces, {
      height: 380,
      xaxis: yearAxis(all.map((r) => r.quarter)),
      yaxis: axis({ title: { text: 'probability [%]' }, range: [-2, 102], dtick: 20 }),
    });
  };
};

FIGURES.spread = (figure, redraw) => {
  const quarters = distinct(dataset('runs').columns.quarter).filter((q) => shown.policy + '|' + q in figure.about.titles);
  const quarter = choice(figure, 'Quarter', quarters.map((q) => ({ value: q, label: q })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, quarter());
    const all = rows('runs', { policy: shown.policy, quarter: quarter(), metric: 'reachable_flop' })
      .filter((r) => !r.actor.startsWith('group.') && r.p50 > 0)
      .sort((a, b) => a.p50 - b.p50);
    const traces = [];
    const kinds = distinct(all.map((r) => r.actor.split('.')[0]));
    kinds.forEach((kind, i) => {
      const list = all.filter((r) => r.actor.split('.')[0] === kind);
      intervals(list, (r) => r.actor, hue(i), KINDS[kind] || kind, 'FLOP').forEach((t) => traces.push(t));
    });
    draw(figure, traces, {
      height: 90 + rowHeight(all.map((r) => r.actor), name) * all.length,
      xaxis: logAxis(narrow() ? 'largest run [FLOP]' : 'largest run that could be finished [FLOP]', all.flatMap((r) => [r.p05, r.p95])),
      yaxis: nameAxis(all.map((r) => r.actor), name),
    });
  };
};

/* Horizontal intervals: thin 90%, thick 50%, a dot at the median. */
function intervals(list, label, stroke, legend, unit) {
  const text = list.map((r) => `${plain(name(r.actor))}<br>median ${number(r.p50)} ${plain(unit)}<br>50%: ${number(r.p25)} to ${number(r.p75)}<br>90%: ${number(r.p05)} to ${number(r.p95)}`);
  const segments = (low, high, width) => {
    const x = [];
    const y = [];
    for (const r of list) {
      x.push(r[low], r[high], null);
      y.push(label(r), label(r), null);
    }
    return { x, y, mode: 'lines', line: { color: stroke, width }, hoverinfo: 'skip', showlegend: false };
  };
  return [
    segments('p05', 'p95', 2),
    segments('p25', 'p75', 7),
    {
      x: list.map((r) => r.p50), y: list.map(label), mode: 'markers', name: legend, text, hoverinfo: 'text',
      marker: { color: colour('paper'), size: 9, line: { color: stroke, width: 2.5 } },
    },
  ];
}

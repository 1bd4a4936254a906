/* Drivers, policies, sweep, the past. */

const GRADES = { judgement: 'red', derived: 'blue', published: 'green', '': 'grey' };

FIGURES.drivers = (figure, redraw) => {
  const cells = distinct(dataset('drivers').columns.cell);
  const cell = choice(figure, 'Cell', cells.map((c) => ({ value: c, label: cellName(c) })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = rows('drivers', { policy: shown.policy, cell: cell() }).sort((a, b) => a.rank - b.rank);
    const top = all.slice(0, 12).reverse();
    const traces = Object.entries(GRADES).map(([grade, hueName]) => {
      const list = top.filter((r) => (r.grade || '') === grade);
      return {
        type: 'bar', orientation: 'h', name: grade || 'no grade', x: list.map((r) => 100 * r.index), y: list.map((r) => r.path),
        marker: { color: colour(hueName) }, hoverinfo: 'text', textposition: 'none',
        text: list.map((r) => `${plain(r.path)}<br>explains ${percent(r.index)} of the variance<br>noise floor ${percent(r.noise_floor)}<br>${grade || 'no grade'}`),
      };
    }).filter((t) => t.x.length);
    const noise = top.length ? top[0].noise_floor : 0;
    draw(figure, traces, {
      height: 110 + rowHeight(top.map((r) => r.path), inputName) * top.length, barmode: 'overlay', bargap: 0.35,
      xaxis: axis({ title: { text: narrow() ? '% of variance' : 'explains by itself [% of variance]' }, rangemode: 'tozero' }),
      yaxis: nameAxis(top.map((r) => r.path), inputName),
      shapes: [{ type: 'line', x0: 100 * noise, x1: 100 * noise, yref: 'paper', y0: 0, y1: 1, line: { color: colour('ink'), width: 1.5, dash: 'dash' } }],
      annotations: [{ x: 100 * noise, yref: 'paper', y: 0.02, xanchor: 'left', showarrow: false, text: ' noise floor', font: { size: 11, color: colour('soft') } }],
    });
  };
};

FIGURES.tornado = (figure, redraw) => {
  const cells = distinct(dataset('drivers').columns.cell);
  const cell = choice(figure, 'Cell', cells.map((c) => ({ value: c, label: cellName(c) })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = rows('drivers', { policy: shown.policy, cell: cell() }).filter((r) => r.at_lowest !== null && r.at_highest !== null).sort((a, b) => a.rank - b.rank);
    const top = all.slice(0, 12).reverse();
    const first = top[0] || {};
    const words = (r) => `${plain(r.path)}<br>lowest tenth: ${number(r.at_lowest)} ± ${number(r.at_lowest_se)} ${plain(r.unit)}<br>highest tenth: ${number(r.at_highest)} ± ${number(r.at_highest_se)}<br>${r.at_highest > r.at_lowest ? 'more of it, more' : 'more of it, less'}`;
    const x = [];
    const y = [];
    for (const r of top) {
      x.push(r.at_lowest, r.at_highest, null);
      y.push(r.path, r.path, null);
    }
    const end = (column, title, fill) => ({
      x: top.map((r) => r[column]), y: top.map((r) => r.path), mode: 'markers', name: title, hoverinfo: 'text', text: top.map(words), cliponaxis: false,
      error_x: { type: 'data', array: top.map((r) => r[`${column}_se`]), color: hue(0), thickness: 1, width: 0 },
      marker: { size: 11, color: fill, line: { color: hue(0), width: 2.5 } },
    });
    const values = top.flatMap((r) => [r.at_lowest, r.at_highest]);
    const title = `${narrow() ? 'cell' : 'cell at both ends of the input'} [${plain(first.unit || '')}]`;
    draw(figure, top.length ? [
      { x, y, mode: 'lines', line: { color: hue(0), width: 4 }, hoverinfo: 'skip', showlegend: false },
      end('at_lowest', 'lowest tenth', colour('paper')),
      end('at_highest', 'highest tenth', hue(0)),
    ] : [], {
      height: 110 + rowHeight(top.map((r) => r.path), inputName) * top.length,
      xaxis: first.scale === 'log' ? logAxis(title, values) : plainAxis(title, values),
      yaxis: nameAxis(top.map((r) => r.path), inputName),
    });
  };
};

/* Cells of a comparison as actor/metric@quarter. */
function comparedCell(r) {
  return `${r.actor}/${r.metric}@${r.quarter}`;
}
function comparedChoice(figure, label, first, redraw) {
  const last = distinct(dataset('comparison').columns.quarter).sort().pop();
  const cells = distinct(rows('comparison').filter((r) => r.quarter === last && !r.metric.startsWith('quarters_to')).map(comparedCell));
  return choice(figure, label, cells.map((c) => ({ value: c, label: cellName(c) })), first, redraw);
}
function comparedRows(cell) {
  return rows('comparison').filter((r) => comparedCell(r) === cell);
}

FIGURES.forest = (figure, redraw) => {
  const cell = cellChoice(figure, 'comparison', figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = comparedRows(cell()).filter((r) => r.p50 !== null && r.policy !== 'base').sort((a, b) => (a.tier - b.tier) || (a.difference_mean - b.difference_mean)).reverse();
    /* As shares of what there is without the policy, where there is something. */
    const shares = all.length > 0 && all.every((r) => r.ratio_p05 > 0 && r.ratio_p95 > 0);
    const at = (r, q) => (shares ? r['ratio_' + q] : r[q]);
    const id = (r) => r.policy;
    const kinds = [
      ['lower', 'blue', (r) => r.difference_mean < -2 * r.difference_se],
      ['no change beyond the error', 'grey', (r) => !(Math.abs(r.difference_mean) > 2 * r.difference_se)],
      ['higher', 'red', (r) => r.difference_mean > 2 * r.difference_se],
    ];
    const traces = kinds.flatMap(([label, hueName, wanted]) => {
      const list = all.filter(wanted);
      if (!list.length) return [];
      const x = [];
      const y = [];
      for (const r of list) {
        x.push(at(r, 'p05'), at(r, 'p95'), null);
        y.push(id(r), id(r), null);
      }
      return [
        { x, y, mode: 'lines', line: { color: colour(hueName), width: 3 }, hoverinfo: 'skip', showlegend: false },
        {
          x: list.map((r) => at(r, 'p50')), y: list.map(id), mode: 'markers', name: label, marker: { color: colour('paper'), size: 10, line: { color: colour(hueName), width: 2.5 } }, hoverinfo: 'text', cliponaxis: false,
          text: list.map((r) => `${plain(policyName(r.policy))}${r.tier === null ? '' : `, rank ${r.tier}`}<br>` + (shares ? `median ${changed(r.ratio_p50)} (90%: ${changed(r.ratio_p05)} to ${changed(r.ratio_p95)})<br>` : '') + `median change ${number(r.p50)} ${plain(r.unit)}<br>90%: ${number(r.p05)} to ${number(r.p95)}<br>mean ${number(r.difference_mean)}, standard error ${number(r.difference_se)}<br>lower in ${percent(r.probability_lower)} of draws, higher in ${percent(r.probability_higher)}`),
        },
      ];
    });
    /* A line where a rank ends: what stands between two lines cannot be told apart. */
    const ends = all.slice(1).map((r, i) => (r.tier !== null && r.tier !== all[i].tier ? i + 0.5 : null)).filter((v) => v !== null);
    const rules = ends.map((y) => ({ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: y, y1: y, line: { color: colour('line'), width: 1 } }));
    const values = all.flatMap((r) => [at(r, 'p05'), at(r, 'p50'), at(r, 'p95')]);
    const ids = all.map(id);
    draw(figure, traces, {
      height: 110 + rowHeight(ids, policyName) * all.length,
      xaxis: shares ? changeAxis(narrow() ? 'change' : 'change against the scenario as it stands', values) : plainAxis(`${narrow() ? 'change' : 'change against the scenario as it stands'} [${plain((all[0] || {}).unit || '')}]`, values),
      yaxis: nameAxis(ids, policyName, { showgrid: false }),
      shapes: rules.concat({ type: 'line', x0: shares ? 1 : 0, x1: shares ? 1 : 0, yref: 'paper', y0: 0, y1: 1, line: { color: colour('grey'), width: 1.5 } }),
    });
  };
};

/* A quotient as the change that it is: 0.8 is −20%, 3 is three times. */
function changed(ratio) {
  if (ratio === null || !Number.isFinite(ratio)) return '–';
  if (ratio >= 3) return '×' + number(ratio);
  const share = 100 * (ratio - 1);
  if (Math.abs(share) < 0.005) return 'no change';
  return `${share < 0 ? '−' : '+'}${number(Number(Math.abs(share).toPrecision(2)))}%`;
}
/* A log axis of quotients, told as changes; fine where they lie close together. */
function changeAxis(title, values) {
  const known = values.filter((v) => v > 0 && Number.isFinite(v)).concat(1);
  const [low, high] = [Math.log10(Math.min(...known)), Math.log10(Math.max(...known))];
  const span = Math.max(high - low, 0.002);
  const [from, to] = [low - 0.05 * span, high + 0.05 * span];
  const steps = [[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((s) => Math.log10(1 + s) >= span / (narrow() ? 4 : 8)) || 1][0];
  const ticks = [1];
  for (let r = 1; Math.log10(r) <= to && ticks.length < 40;) { r = r >= 2 ? r * 2 : r + steps; ticks.push(r); }
  for (let r = 1; Math.log10(r) >= from && ticks.length < 80;) { r = r - steps > 0.3 ? r - steps : r / 2; ticks.push(r); }
  const apart = (narrow() ? 0.2 : 0.09) * (to - from);
  const kept = [];
  for (const r of ticks.map((t) => Number(t.toPrecision(6))).sort((a, b) => Math.abs(Math.log10(a)) - Math.abs(Math.log10(b)))) {
    const l = Math.log10(r);
    if (l >= from && l <= to && kept.every((k) => Math.abs(Math.log10(k) - l) >= apart)) kept.push(r);
  }
  kept.sort((a, b) => a - b);
  return axis({ type: 'log', range: [from, to], tickmode: 'array', tickvals: kept, ticktext: kept.map((r) => (r === 1 ? '0' : changed(r))), title: { text: title, standoff: 8 } });
}

FIGURES.regret = (figure, redraw) => {
  const cell = cellChoice(figure, 'comparison', figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = comparedRows(cell()).filter((r) => r.regret_mean !== null).sort((a, b) => b.regret_mean - a.regret_mean);
    const label = (r) => r.policy;
    const ids = all.map(label);
    const x = [];
    const y = [];
    for (const r of all) {
      x.push(r.regret_mean, r.regret_p95, null);
      y.push(label(r), label(r), null);
    }
    draw(figure, all.length ? [
      { x, y, mode: 'lines', line: { color: hue(0), width: 2 }, hoverinfo: 'skip', name: 'to the 95% quantile' },
      {
        x: all.map((r) => r.regret_mean), y: all.map(label), mode: 'markers', name: 'mean', marker: { color: hue(0), size: 10 }, hoverinfo: 'text',
        text: all.map((r) => `${plain(policyName(r.policy))}<br>mean regret ${number(r.regret_mean)} ${plain(r.unit)}<br>95% quantile ${number(r.regret_p95)}`),
      },
    ] : [], {
      height: 110 + rowHeight(ids, policyName) * all.length,
      xaxis: plainAxis(`regret [${plain((all[0] || {}).unit || '')}]`, all.map((r) => r.regret_p95)),
      yaxis: nameAxis(ids, policyName),
    });
  };
};

FIGURES.pareto = (figure, redraw) => {
  const [less, more] = figure.about.chosen.split('|');
  const one = comparedChoice(figure, 'Less of', less, redraw);
  const other = comparedChoice(figure, 'more of', more, redraw);
  return () => {
    retitle(figure, `${one()}|${other()}`);
    const across = new Map(comparedRows(one()).map((r) => [r.policy, r]));
    const pairs = comparedRows(other()).filter((r) => across.has(r.policy)).map((r) => ({ policy: r.policy, x: across.get(r.policy).p50, y: r.p50, xunit: across.get(r.policy).unit, yunit: r.unit }))
      .filter((p) => p.x !== null && p.y !== null);
    if (!pairs.some((p) => p.policy === 'base') && pairs.length) pairs.push({ policy: 'base', x: 0, y: 0, xunit: pairs[0].xunit, yunit: pairs[0].yunit });
    const best = pairs.filter((p) => !pairs.some((q) => q.x <= p.x && q.y >= p.y && (q.x < p.x || q.y > p.y))).sort((a, b) => a.x - b.x);
    const text = (p) => `${plain(policyName(p.policy))}<br>${plain(cellName(one()))}: ${number(p.x)} ${plain(p.xunit)}<br>${plain(cellName(other()))}: ${number(p.y)} ${plain(p.yunit)}`;
    draw(figure, pairs.length ? [
      { x: best.map((p) => p.x), y: best.map((p) => p.y), mode: 'lines', line: { color: hue(1), width: 1.5, shape: 'hv' }, hoverinfo: 'skip', name: 'beaten by none' },
      {
        x: pairs.map((p) => p.x), y: pairs.map((p) => p.y), mode: narrow() ? 'markers' : 'markers+text', name: 'policies', hovertext: pairs.map(text), hoverinfo: 'text',
        text: pairs.map((p) => plain(policyName(p.policy))), textposition: pairs.map((p) => (p.x > (Math.min(...pairs.map((q) => q.x)) + Math.max(...pairs.map((q) => q.x))) / 2 ? 'middle left' : 'middle right')), textfont: { size: 11 }, cliponaxis: false,
        marker: { size: 10, color: pairs.map((p) => (best.includes(p) ? hue(1) : hue(0))) },
      },
    ] : [], {
      height: 460, showlegend: true,
      xaxis: plainAxis(`${plain(cellName(one()))}: change [${plain((pairs[0] || {}).xunit || '')}]`, pairs.map((p) => p.x), { title: { text: `${plain(cellName(one()))}: change [${plain((pairs[0] || {}).xunit || '')}]`, font: { size: narrow() ? 9 : 12 } } }),
      yaxis: plainAxis(`${plain(cellName(other()))}: change [${plain((pairs[0] || {}).yunit || '')}]`, pairs.map((p) => p.y), { title: { text: `${plain(cellName(other()))}: change [${plain((pairs[0] || {}).yunit || '')}]`, font: { size: narrow() ? 9 : 12 } } }),
    });
  };
};

FIGURES.past = (figure, redraw) => {
  const metrics = distinct(dataset('hindcast').columns.metric);
  const metric = choice(figure, 'Metric', metrics.map((m) => ({ value: m, label: metricName(m) })), metrics[0], redraw);
  return () => {
    retitle(figure, '');
    const all = rows('hindcast', { policy: shown.policy, metric: metric() }).filter((r) => r.p50 > 0 && (r.central > 0 || r.low > 0)).reverse();
    const label = (r) => `${name(r.actor)} ${r.since ? r.since + ' to ' : ''}${r.quarter}` + (r.kind === 'at-least' ? ' (at least)' : '');
    const inside = (r) => String(r.inside90) === 'true' || String(r.inside90) === '1';
    const segments = (low, high, stroke, width) => {
      const x = [];
      const y = [];
      for (const r of all) {
        if (r[low] > 0 && r[high] > 0) {
          x.push(r[low], r[high], null);
          y.push(label(r), label(r), null);
        }
      }
      return { x, y, mode: 'lines', line: { color: stroke, width }, hoverinfo: 'skip', showlegend: false };
    };
    const text = all.map((r) => `${plain(label(r))}<br>published: ${number(r.central === null ? r.low : r.central)} ${plain(r.unit)}<br>simulated: ${number(r.p50)} (90%: ${number(r.p05)} to ${number(r.p95)})`);
    const ids = distinct(all.map(label));
    draw(figure, [
      segments('p05', 'p95', hue(0), 6),
      segments('low', 'high', hue(1), 2),
      { x: all.map((r) => r.p50), y: all.map(label), mode: 'markers', name: 'simulated', hoverinfo: 'text', text, marker: { size: 9, color: colour('paper'), line: { color: hue(0), width: 2.5 } } },
      { x: all.map((r) => (r.central === null ? r.low : r.central)), y: all.map(label), mode: 'markers', name: 'published', hoverinfo: 'text', text, marker: { size: 9, symbol: all.map((r) => (inside(r) ? 'diamond' : 'diamond-open')), color: hue(1), line: { color: hue(1), width: 2 } } },
    ], {
      height: 110 + rowHeight(ids, (l) => l) * ids.length,
      xaxis: logAxis(`${plain(metricName(metric()))} [${plain((all[0] || {}).unit || '')}]`, all.flatMap((r) => [r.p05, r.p95, r.low, r.high, r.central])),
      yaxis: nameAxis(ids, (l) => l),
    });
  };
};

FIGURES.sweep = (figure, redraw) => {
  const { columns } = dataset('sweep');
  const names = Object.keys(columns);
  const levers = names.slice(1, names.indexOf('metric'));
  const levels = (lever) => distinct(columns[lever]).filter((v) => v !== '');
  const cell = cellChoice(figure, 'sweep', figure.about.chosen, redraw);
  /* Two levers are the axes; the others stay at a level that is chosen. */
  const options = levers.map((l) => ({ value: l, label: l }));
  const across = levers.length > 2 ? choice(figure, 'Across', options, levers[0], redraw) : () => levers[0];
  const up = levers.length > 2 ? choice(figure, 'up', options, levers[1], redraw) : () => levers[1];
  const held = new Map(levers.length > 2 ? levers.map((l) => [l, choice(figure, l, levels(l).map((v) => ({ value: v, label: v })), levels(l)[0], redraw)]) : []);
  return () => {
    retitle(figure, cell());
    const [x, y] = [across(), up() === across() ? levers.find((l) => l !== across()) : up()];
    for (const [lever, at] of held) {
      const box = [...figure.controls.querySelectorAll('label')].find((b) => b.firstChild.textContent === lever + ' ');
      if (box) box.hidden = lever === x || lever === y;
      void at;
    }
    const all = rows('sweep').filter((r) => comparedCell(r) === cell() && r.point !== 'base' && levers.every((l) => l === x || l === y || r[l] === held.get(l)()));
    const xs = levels(x);
    const ys = y ? levels(y) : [''];
    const find = (a, b) => all.find((r) => r[x] === a && (!y || r[y] === b));
    const z = ys.map((b) => xs.map((a) => (find(a, b) ? find(a, b).mean : null)));
    if (!all.length) return draw(figure, [], {});
    const unit = all[0].unit;
    const known = z.flat().filter((v) => v !== null);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const full = (i, j) => (most > least ? (z[j][i] - least) / (most - least) : 0.5);
    const words = (i, j) => { const v = z[j][i]; return v === null ? '' : Math.abs(v) >= 1e15 ? v.toExponential(narrow() ? 1 : 2).replace('e+', 'e') : number(v); };
    const [across_, up_] = [xs.map(plain), ys.map((b) => plain(b || ' '))];
    draw(figure, [{
      type: 'heatmap', x: across_, y: up_, z, xgap: 2, ygap: 2, zmin: most > least ? least : least - 1, zmax: most > least ? most : most + 1,
      customdata: ys.map((b) => xs.map((a) => {
        const r = find(a, b);
        return r ? `${plain(x)} = ${plain(a)}` + (y ? `<br>${plain(y)} = ${plain(b)}` : '') + `<br>mean ${number(r.mean)} ${plain(unit)}; 90%: ${number(r.p05)} to ${number(r.p95)}<br>against the scenario as it stands: ${number(r.difference_mean)}, standard error ${number(r.difference_se)}<br>rank ${r.tier} of the points` : '';
      })),
      hovertemplate: '%{customdata}<extra></extra>', showscale: !narrow(),
      colorscale: [[0, onPaper(colour('blue'), 0.1)], [1, colour('blue')]], colorbar: { title: { text: plain(unit), side: 'right' }, thickness: 10, outlinewidth: 0, tickmode: 'array', tickvals: most > least ? [least, (least + most) / 2, most] : [least], ticktext: (most > least ? [least, (least + most) / 2, most] : [least]).map(number) },
    }, numbersOn(across_, up_, words, full, colour('blue'), 0.1)], {
      height: 140 + 64 * ys.length, showlegend: false,
      xaxis: axis({ type: 'category', title: { text: plain(inputName(x)) }, showgrid: false, range: [-0.5, xs.length - 0.5] }),
      yaxis: axis({ type: 'category', title: { text: wrapped(y ? inputName(y) : '', 24) }, showgrid: false, range: [-0.5, ys.length - 0.5] }),
    });
  };
};

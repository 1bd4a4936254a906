/* Drivers, policies, sweep, the past. */

const GRADES = { judgement: 'red', derived: 'blue', published: 'green', '': 'grey' };

FIGURES.drivers = (figure, redraw) => {
  const cells = distinct(dataset('drivers').columns.cell);
  const cell = choice(figure, 'Cell', cells.map((c) => ({ value: c, label: c })), figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = rows('drivers', { policy: shown.policy, cell: cell() }).sort((a, b) => a.rank - b.rank);
    const top = all.slice(0, 12).reverse();
    const traces = Object.entries(GRADES).map(([grade, hueName]) => {
      const list = top.filter((r) => (r.grade || '') === grade);
      return {
        type: 'bar', orientation: 'h', name: grade || 'no grade', x: list.map((r) => 100 * r.index), y: list.map((r) => plain(r.path)),
        marker: { color: colour(hueName) }, hoverinfo: 'text', textposition: 'none',
        text: list.map((r) => `${plain(r.path)}<br>explains ${percent(r.index)} of the variance<br>noise floor ${percent(r.noise_floor)}<br>${grade || 'no grade'}`),
      };
    }).filter((t) => t.x.length);
    const noise = top.length ? top[0].noise_floor : 0;
    draw(figure, traces, {
      height: 100 + 26 * top.length, barmode: 'overlay', bargap: 0.35,
      xaxis: axis({ title: { text: narrow() ? '% of variance' : 'explains by itself [% of variance]' }, rangemode: 'tozero' }),
      yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: top.map((r) => plain(r.path)), tickfont: { size: narrow() ? 9 : 12 } }),
      shapes: [{ type: 'line', x0: 100 * noise, x1: 100 * noise, yref: 'paper', y0: 0, y1: 1, line: { color: colour('ink'), width: 1.5, dash: 'dash' } }],
      annotations: [{ x: 100 * noise, yref: 'paper', y: 0.02, xanchor: 'left', showarrow: false, text: ' noise floor', font: { size: 11, color: colour('soft') } }],
    });
  };
};

FIGURES.tornado = (figure, redraw) => {
  const cells = distinct(dataset('drivers').columns.cell);
  const cell = choice(figure, 'Cell', cells.map((c) => ({ value: c, label: c })), figure.about.chosen, redraw);
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
      y.push(plain(r.path), plain(r.path), null);
    }
    const end = (column, title, fill) => ({
      x: top.map((r) => r[column]), y: top.map((r) => plain(r.path)), mode: 'markers', name: title, hoverinfo: 'text', text: top.map(words), cliponaxis: false,
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
      height: 110 + 26 * top.length,
      xaxis: first.scale === 'log' ? logAxis(title, values) : plainAxis(title, values),
      yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: top.map((r) => plain(r.path)), tickfont: { size: narrow() ? 9 : 12 } }),
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
  return choice(figure, label, cells.map((c) => ({ value: c, label: c })), first, redraw);
}
function comparedRows(cell) {
  return rows('comparison').filter((r) => comparedCell(r) === cell);
}

FIGURES.forest = (figure, redraw) => {
  const cell = cellChoice(figure, 'comparison', figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = comparedRows(cell()).filter((r) => r.p50 !== null).sort((a, b) => (a.tier - b.tier) || (a.difference_mean - b.difference_mean)).reverse();
    const label = (r) => plain(policyName(r.policy));
    const tiers = distinct(all.map((r) => r.tier)).reverse();
    const traces = tiers.flatMap((tier, i) => {
      const list = all.filter((r) => r.tier === tier);
      const x = [];
      const y = [];
      for (const r of list) {
        x.push(r.p05, r.p95, null);
        y.push(label(r), label(r), null);
      }
      return [
        { x, y, mode: 'lines', line: { color: hue(i), width: 3 }, hoverinfo: 'skip', showlegend: false },
        {
          x: list.map((r) => r.p50), y: list.map(label), mode: 'markers', name: tier === null ? 'policies' : list.length > 1 ? `rank ${tier}: cannot be told apart` : `rank ${tier}`, marker: { color: colour('paper'), size: 10, line: { color: hue(i), width: 2.5 } }, hoverinfo: 'text',
          text: list.map((r) => `${plain(policyName(r.policy))}<br>median change ${number(r.p50)} ${plain(r.unit)}<br>90 %: ${number(r.p05)} to ${number(r.p95)}<br>mean ${number(r.difference_mean)} ± ${number(r.difference_se)}<br>lower in ${percent(r.probability_lower)} of draws, higher in ${percent(r.probability_higher)}`),
        },
      ];
    });
    draw(figure, traces, {
      height: 110 + 26 * all.length,
      xaxis: plainAxis(`${narrow() ? 'change' : 'change against the scenario as it stands'} [${plain((all[0] || {}).unit || '')}]`, all.flatMap((r) => [r.p05, r.p95])),
      yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: all.map(label), tickfont: { size: narrow() ? 10 : 12 } }),
    });
  };
};

FIGURES.regret = (figure, redraw) => {
  const cell = cellChoice(figure, 'comparison', figure.about.chosen, redraw);
  return () => {
    retitle(figure, cell());
    const all = comparedRows(cell()).filter((r) => r.regret_mean !== null).sort((a, b) => b.regret_mean - a.regret_mean);
    const label = (r) => plain(policyName(r.policy));
    const x = [];
    const y = [];
    for (const r of all) {
      x.push(r.regret_mean, r.regret_p95, null);
      y.push(label(r), label(r), null);
    }
    draw(figure, all.length ? [
      { x, y, mode: 'lines', line: { color: hue(0), width: 2 }, hoverinfo: 'skip', name: 'to the 95 % quantile' },
      {
        x: all.map((r) => r.regret_mean), y: all.map(label), mode: 'markers', name: 'mean', marker: { color: hue(0), size: 10 }, hoverinfo: 'text',
        text: all.map((r) => `${plain(policyName(r.policy))}<br>mean regret ${number(r.regret_mean)} ${plain(r.unit)}<br>95 % quantile ${number(r.regret_p95)}`),
      },
    ] : [], {
      height: 110 + 26 * all.length,
      xaxis: plainAxis(`regret [${plain((all[0] || {}).unit || '')}]`, all.map((r) => r.regret_p95)),
      yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: all.map(label) }),
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
    const text = (p) => `${plain(policyName(p.policy))}<br>${plain(one())}: ${number(p.x)} ${plain(p.xunit)}<br>${plain(other())}: ${number(p.y)} ${plain(p.yunit)}`;
    draw(figure, pairs.length ? [
      { x: best.map((p) => p.x), y: best.map((p) => p.y), mode: 'lines', line: { color: hue(1), width: 1.5, shape: 'hv' }, hoverinfo: 'skip', name: 'beaten by none' },
      {
        x: pairs.map((p) => p.x), y: pairs.map((p) => p.y), mode: narrow() ? 'markers' : 'markers+text', name: 'policies', hovertext: pairs.map(text), hoverinfo: 'text',
        text: pairs.map((p) => plain(policyName(p.policy))), textposition: pairs.map((p) => (p.x > (Math.min(...pairs.map((q) => q.x)) + Math.max(...pairs.map((q) => q.x))) / 2 ? 'middle left' : 'middle right')), textfont: { size: 11 }, cliponaxis: false,
        marker: { size: 10, color: pairs.map((p) => (best.includes(p) ? hue(1) : hue(0))) },
      },
    ] : [], {
      height: 460, showlegend: true,
      xaxis: plainAxis(`${plain(one())}: change [${plain((pairs[0] || {}).xunit || '')}]`, pairs.map((p) => p.x), { title: { text: `${plain(one())}: change [${plain((pairs[0] || {}).xunit || '')}]`, font: { size: narrow() ? 9 : 12 } } }),
      yaxis: plainAxis(`${plain(other())}: change [${plain((pairs[0] || {}).yunit || '')}]`, pairs.map((p) => p.y), { title: { text: `${plain(other())}: change [${plain((pairs[0] || {}).yunit || '')}]`, font: { size: narrow() ? 9 : 12 } } }),
    });
  };
};

FIGURES.past = (figure, redraw) => {
  const metrics = distinct(dataset('hindcast').columns.metric);
  const metric = choice(figure, 'Metric', metrics.map((m) => ({ value: m, label: m })), metrics[0], redraw);
  return () => {
    retitle(figure, '');
    const all = rows('hindcast', { policy: shown.policy, metric: metric() }).filter((r) => r.p50 > 0 && (r.central > 0 || r.low > 0)).reverse();
    const label = (r) => `${plain(name(r.actor))} ${r.since ? r.since + ' to ' : ''}${r.quarter}` + (r.kind === 'at-least' ? ' (at least)' : '');
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
    const text = all.map((r) => `${label(r)}<br>published: ${number(r.central === null ? r.low : r.central)} ${plain(r.unit)}<br>simulated: ${number(r.p50)} (90 %: ${number(r.p05)} to ${number(r.p95)})`);
    draw(figure, [
      segments('p05', 'p95', hue(0), 6),
      segments('low', 'high', hue(1), 2),
      { x: all.map((r) => r.p50), y: all.map(label), mode: 'markers', name: 'simulated', hoverinfo: 'text', text, marker: { size: 9, color: colour('paper'), line: { color: hue(0), width: 2.5 } } },
      { x: all.map((r) => (r.central === null ? r.low : r.central)), y: all.map(label), mode: 'markers', name: 'published', hoverinfo: 'text', text, marker: { size: 9, symbol: all.map((r) => (inside(r) ? 'diamond' : 'diamond-open')), color: hue(1), line: { color: hue(1), width: 2 } } },
    ], {
      height: 110 + 22 * all.length,
      xaxis: logAxis(`${plain(metric())} [${plain((all[0] || {}).unit || '')}]`, all.flatMap((r) => [r.p05, r.p95, r.low, r.high, r.central])),
      yaxis: axis({ type: 'category', categoryorder: 'array', categoryarray: distinct(all.map(label)), tickfont: { size: narrow() ? 9 : 12 } }),
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
    draw(figure, [{
      type: 'heatmap', x: xs.map(plain), y: ys.map((b) => plain(b || ' ')), z, xgap: 2, ygap: 2,
      text: z.map((line) => line.map((v) => (v === null ? '' : Math.abs(v) >= 1e15 ? v.toExponential(2).replace('e+', 'e') : number(v)))), texttemplate: '%{text}',
      customdata: ys.map((b) => xs.map((a) => {
        const r = find(a, b);
        return r ? `${plain(x)} = ${plain(a)}` + (y ? `<br>${plain(y)} = ${plain(b)}` : '') + `<br>mean ${number(r.mean)} ${plain(unit)}; 90 %: ${number(r.p05)} to ${number(r.p95)}<br>against the scenario as it stands: ${number(r.difference_mean)} ± ${number(r.difference_se)}<br>rank ${r.tier} of the points` : '';
      })),
      hovertemplate: '%{customdata}<extra></extra>', showscale: !narrow(),
      colorscale: [[0, faded(colour('blue'), 0.1)], [1, colour('blue')]], colorbar: { title: { text: plain(unit), side: 'right' }, thickness: 10, outlinewidth: 0, exponentformat: 'e' },
    }], {
      height: 140 + 64 * ys.length,
      xaxis: axis({ type: 'category', title: { text: plain(x) }, showgrid: false }),
      yaxis: axis({ type: 'category', title: { text: plain(y || '') }, showgrid: false }),
    });
  };
};

/** What the page knows and calculates; it draws nothing. */
const Model = (() => {
  const STEP = 0, READY = 2, ALIVE = 3; // 1 is a wait
  const MARKS = {cancel_requested: 'cancel requested', cancel_delivered: 'cancellation delivered', failed: 'failed', was_cancelled: 'was cancelled'};
  const OUTCOMES = {living: 'still running', succeeded: 'succeeded', failed: 'failed', cancelled: 'was cancelled', unknown: 'its end was not recorded'};

  /** Spans as typed arrays, with the sums of each kind before them: so any stretch is added up at once. */
  function prepare(data) {
    for (const task of data.tasks) {
      const n = task.spans.length / 3;
      task.kinds = new Uint8Array(n);
      task.begins = new Float64Array(n);
      task.ends = new Float64Array(n);
      task.sums = [new Float64Array(n + 1), new Float64Array(n + 1), new Float64Array(n + 1)];
      for (let s = 0; s < n; s++) {
        const kind = task.spans[3 * s], begin = task.spans[3 * s + 1], length = task.spans[3 * s + 2];
        task.kinds[s] = kind;
        task.begins[s] = begin;
        task.ends[s] = begin + length;
        for (let k = 0; k < 3; k++) task.sums[k][s + 1] = task.sums[k][s] + (k === kind ? length : 0);
      }
      delete task.spans;
      task.depth = task.parent < 0 ? 0 : data.tasks[task.parent].depth + 1;
      task.below = 0;
    }
    // A task comes right before all that is below it.
    for (let i = data.tasks.length - 1; i >= 0; i--) {
      const task = data.tasks[i];
      if (task.parent >= 0) data.tasks[task.parent].below += 1 + task.below;
    }
    data.depth = data.tasks.reduce((deepest, task) => Math.max(deepest, task.depth), 0);
    return data;
  }

  /** The first index whose value is not below x. */
  function lowerBound(values, x) {
    let low = 0, high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle] < x) low = middle + 1; else high = middle;
    }
    return low;
  }

  // ---- how many at once

  /** How many there are from each of some times on, and the area below that curve up to there. */
  function curve(begins, ends) {
    begins.sort();
    ends.sort();
    const n = begins.length, times = new Float64Array(2 * n), counts = new Float64Array(2 * n), areas = new Float64Array(2 * n);
    let count = 0, area = 0, before = 0, most = 0;
    for (let b = 0, e = 0; b + e < 2 * n;) {
      const i = b + e, begins1 = b < n && begins[b] < ends[e];
      times[i] = begins1 ? begins[b++] : ends[e++];
      area += count * (times[i] - before);
      before = times[i];
      counts[i] = count += begins1 ? 1 : -1;
      areas[i] = area;
      most = Math.max(most, count);
    }
    return {times, counts, areas, most};
  }

  function areaUpTo(curve, time) {
    const i = lowerBound(curve.times, time) - 1;
    return i < 0 ? 0 : curve.areas[i] + curve.counts[i] * (time - curve.times[i]);
  }

  /** Curves of some tasks: in a step, waiting, ready, alive. */
  function profile(tasks) {
    const curves = [];
    for (let kind = 0; kind < 3; kind++) {
      const begins = [], ends = [];
      for (const task of tasks) {
        for (let s = 0; s < task.kinds.length; s++) {
          if (task.kinds[s] === kind) { begins.push(task.begins[s]); ends.push(task.ends[s]); }
        }
      }
      curves.push(curve(Float64Array.from(begins), Float64Array.from(ends)));
    }
    curves.push(curve(Float64Array.from(tasks, t => t.begin), Float64Array.from(tasks, t => t.end)));
    return curves;
  }

  /** The average of a curve in each of so many equal parts of a window. */
  function averages(curve, window, parts) {
    const width = (window.to - window.from) / parts, result = new Float64Array(parts);
    for (let i = 0, before = areaUpTo(curve, window.from); i < parts; i++) {
      const after = areaUpTo(curve, window.from + (i + 1) * width);
      result[i] = (after - before) / width;
      before = after;
    }
    return result;
  }

  function summary(data, curves) {
    const n = data.tasks.length, names = data.greenhouses.filter(g => g).map(g => "'" + g + "'");
    if (!n) return '';
    const where = names.length ? (names.length === 1 ? 'Greenhouse ' : 'Greenhouses ') + names.join(', ') + ': ' : '';
    return where + n + (n === 1 ? ' task' : ' tasks') + ' in ' + duration(data.span) + ', up to ' + curves[ALIVE].most + ' at once. At most ' + curves[STEP].most + ' ran at a time, and at most ' + curves[READY].most + ' could run and waited for their turn.' + paused(data.pauses);
  }

  function paused(pauses) {
    const all = duration(pauses.reduce((sum, [from, to]) => sum + to - from, 0));
    return pauses.length ? ' In ' + (pauses.length === 1 ? 'a pause of ' + all : pauses.length + ' pauses, ' + all + ' together,') + ' nothing was recorded.' : '';
  }

  // ---- which tasks

  /** What is closed at first: deep levels, if there are many tasks and enough is to be seen without those. */
  function closedAtFirst(data, most) {
    const closed = new Set(), ofDepth = new Array(data.depth + 1).fill(0);
    for (const task of data.tasks) ofDepth[task.depth]++;
    let rows = 0, depth = 0;
    while (depth < ofDepth.length && rows + ofDepth[depth] <= most) rows += ofDepth[depth++];
    if (rows >= 10) data.tasks.forEach((task, i) => { if (task.depth >= depth - 1 && task.below) closed.add(i); });
    return closed;
  }

  /** The tasks to show: those that match and all above them; without a search, all but what is closed. */
  function visibleRows(tasks, closed, query) {
    const wanted = query.trim().toLowerCase();
    const matches = [], shown = new Uint8Array(tasks.length), rows = [];
    if (wanted) {
      tasks.forEach((task, i) => {
        if (task.name.toLowerCase().includes(wanted) || task.nursery.toLowerCase().includes(wanted) || String(task.id) === wanted) {
          matches.push(i);
          for (let up = i; up >= 0 && !shown[up]; up = tasks[up].parent) shown[up] = 1;
        }
      });
    } else {
      tasks.forEach((task, i) => { shown[i] = task.parent < 0 || (shown[task.parent] && !closed.has(task.parent)) ? 1 : 0; });
    }
    tasks.forEach((_, i) => { if (shown[i]) rows.push(i); });
    return {rows, matches};
  }

  // ---- which stretch of time

  /** The window of time after zooming by a factor around a moment; never beyond the data. */
  function zoomed(window, factor, at, span) {
    const all = Math.max(span, 1);
    const width = Math.min(all, Math.max(Math.min(all, 100), (window.to - window.from) / factor));
    const share = (at - window.from) / (window.to - window.from);
    return moved({from: at - share * width, to: at - share * width + width}, 0, span);
  }

  function moved(window, by, span) {
    const all = Math.max(span, 1), width = window.to - window.from;
    const from = Math.min(Math.max(0, window.from + by), Math.max(0, all - width));
    return {from, to: from + width};
  }

  /** Numbers for the axis: 1, 2 or 5 times a power of ten, at most so many. */
  function ticks(window, most) {
    const rough = (window.to - window.from) / Math.max(1, most);
    const power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = Math.max(1, [1, 2, 5, 10].map(f => f * power).find(s => s >= rough * 0.999));
    const all = [];
    for (let t = Math.ceil(window.from / step) * step; t <= window.to; t += step) all.push(t);
    return all;
  }

  function duration(nanos) {
    if (nanos === 0) return '0';
    if (nanos < 1e3) return Math.round(nanos) + ' ns';
    if (nanos < 1e6) return trimmed(nanos / 1e3) + ' µs';
    if (nanos < 1e9) return trimmed(nanos / 1e6) + ' ms';
    return trimmed(nanos / 1e9) + ' s';
  }

  function trimmed(x) {
    return String(Number(x.toPrecision(x >= 1000 ? 6 : 4)));
  }

  // ---- one task

  /** What to fill of a row: [x, width, kind, share], at most two for each pixel; the share is that of the steps in it. */
  function bars(task, window, width) {
    const found = [], scale = width / (window.to - window.from), n = task.kinds.length;
    let i = lowerBound(task.ends, window.from);
    while (i < n && task.begins[i] <= window.to) {
      const left = (Math.max(task.begins[i], window.from) - window.from) * scale;
      const right = (Math.min(task.ends[i], window.to) - window.from) * scale;
      if (right - left >= 1) {
        found.push([left, right - left, task.kinds[i], 1]);
        i++;
        continue;
      }
      const pixel = Math.floor(left);
      const until = window.from + (pixel + 1) / scale;
      const last = Math.max(i + 1, Math.min(n, lowerBound(task.ends, until)));
      const [steps, waits, ready] = task.sums.map(sum => sum[last] - sum[i]);
      if (waits + ready > 0) found.push([pixel, 1, waits >= ready ? 1 : READY, 1]);
      const hasStep = task.kinds.subarray(i, Math.min(last, i + 64)).includes(STEP); // it may have taken no time
      if (hasStep || steps > 0) found.push([pixel, 1, STEP, steps > 0 ? Math.max(0.4, steps / (steps + waits + ready)) : 0.4]);
      i = last;
    }
    return found;
  }

  function spanAt(task, time) {
    const i = lowerBound(task.ends, time);
    return i < task.kinds.length && task.begins[i] <= time ? i : -1;
  }

  function describe(data, index, time, slack) {
    const task = data.tasks[index];
    const lines = [task.name + '  (task ' + task.id + ', ' + (OUTCOMES[task.outcome] || task.outcome) + (task.below ? ', ' + task.below + ' below' : '') + ')'];
    const parent = task.parent < 0 ? '' : " of '" + data.tasks[task.parent].name + "'";
    const nursery = task.nursery ? "in nursery '" + task.nursery + "'" + parent + ', ' : '';
    const greenhouse = data.greenhouses[task.greenhouse];
    lines.push(nursery + (greenhouse ? "greenhouse '" + greenhouse + "'" : 'its greenhouse is not known'));
    const n = task.kinds.length, steps = task.kinds.filter(kind => kind === STEP).length;
    const [ran, waited, ready] = task.sums.map(sum => duration(sum[n]));
    lines.push('from ' + duration(task.begin) + ' for ' + duration(task.end - task.begin) + ': ran ' + ran + ' in ' + steps + (steps === 1 ? ' step' : ' steps') + ', waited ' + ready + ' for its turn and ' + waited + ' for something');
    if (time !== null) {
      const at = spanAt(task, time);
      const pause = data.pauses.find(([from, to]) => from <= time && time <= to);
      if (pause) lines.push('here: not recorded for ' + duration(pause[1] - pause[0]));
      else if (at >= 0) lines.push('here: ' + ['runs', 'waits', 'could run'][task.kinds[at]] + ' for ' + duration(task.ends[at] - task.begins[at]) + ', from ' + duration(task.begins[at]) + ' on');
    }
    const near = time === null ? task.marks : task.marks.filter(m => Math.abs(m[1] - time) <= slack);
    for (const [kind, at, text] of near.slice(0, 8)) lines.push(MARKS[kind] + ' at ' + duration(at) + ': ' + text);
    if (near.length > 8) lines.push('and ' + (near.length - 8) + ' more');
    return lines.join('\n');
  }

  return {STEP, ALIVE, prepare, lowerBound, curve, profile, averages, summary, closedAtFirst, visibleRows, zoomed, moved, ticks, duration, bars, spanAt, describe};
})();

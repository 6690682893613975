/** Draws what the model says, and does what the user wants. What it gives back is for a look from the console. */
function show(data) {
  const ROW = 20, TOP = 84, AXIS = 22, BAR = [14, 3, 8]; // heights: a step, a wait, ready
  const KINDS = ['step', 'wait', 'ready'];
  const element = id => document.getElementById(id);
  const canvas = element('canvas'), view = element('view'), tip = element('tip'), details = element('details');
  const context = canvas.getContext('2d'), hint = details.textContent;
  const everything = {from: 0, to: Math.max(1, data.span)};
  const whole = Model.profile(data.tasks), profiles = new Map();
  let closed = Model.closedAtFirst(data, 300), shown = Model.visibleRows(data.tasks, closed, '');
  let range = everything, selected = -1, match = -1, width = 0, height = 0, queued = false, colours = {}, drag = null, pointer = null;

  const names = () => Math.min(320, Math.max(140, width * 0.28));
  const plot = () => Math.max(1, width - names());
  const toX = time => names() + (time - range.from) / (range.to - range.from) * plot();
  const toTime = x => range.from + (x - names()) / plot() * (range.to - range.from);
  const rowAt = y => y < TOP ? -1 : Math.floor((y - TOP + view.scrollTop) / ROW);
  const indentOf = task => 8 + Math.min(task.depth * Math.max(3, Math.min(12, names() / 2 / data.depth)), names() / 2);
  const isClosed = index => closed.has(index) && !element('search').value.trim();

  function profileOf(index) {
    if (!profiles.has(index)) profiles.set(index, Model.profile(data.tasks.slice(index + 1, index + 1 + data.tasks[index].below)));
    return profiles.get(index);
  }

  // ---- drawing

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['back', 'band', 'hover', 'text', 'faint', 'line', 'grid', 'pause', 'step', 'wait', 'ready', 'cancel', 'failure', 'select', 'match']) {
      colours[name] = style.getPropertyValue('--' + name).trim();
    }
    redraw();
  }

  function resized() {
    width = Math.max(200, view.clientWidth);
    height = Math.max(TOP + ROW, view.clientHeight);
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    laidOut();
    draw(); // at once: its new size has emptied the canvas
  }

  function laidOut() {
    // The canvas itself takes a screen; the rest of the height is what there is to scroll.
    element('tall').style.height = Math.max(0, TOP + shown.rows.length * ROW + ROW - height) + 'px';
    element('all').textContent = closed.size ? 'Open all' : 'Close all';
    redraw();
  }

  function redraw() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; draw(); });
  }

  function fill(colour, x, y, w, h) {
    context.fillStyle = colour;
    context.fillRect(x, y, w, h);
  }

  function write(text, x, y, colour, room) {
    context.fillStyle = colour;
    context.fillText(cut(text, room), x, y);
  }

  /** A text, or its beginning and end if there is no room for all of it. */
  function cut(text, room) {
    if (context.measureText(text).width <= room) return text;
    const letters = [...new Intl.Segmenter().segment(text)].map(s => s.segment);
    const ofSize = n => letters.slice(0, Math.ceil(n / 2)).join('') + '…' + letters.slice(letters.length - Math.floor(n / 2)).join('');
    let low = 0, high = letters.length;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (context.measureText(ofSize(middle)).width <= room) low = middle; else high = middle - 1;
    }
    return low ? ofSize(low) : '';
  }

  function draw() {
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    fill(colours.back, 0, 0, width, height);
    const first = Math.max(0, Math.floor(view.scrollTop / ROW));
    const last = Math.min(shown.rows.length, Math.ceil((view.scrollTop + height - TOP) / ROW));
    const found = new Set(shown.matches), ticks = Model.ticks(range, plot() / 90);
    const bottom = Math.min(height, TOP + shown.rows.length * ROW - view.scrollTop);
    for (let r = first; r < last; r++) {
      const y = TOP + r * ROW - view.scrollTop;
      fill(colours[r === pointer?.row ? 'hover' : r % 2 ? 'band' : 'back'], 0, y, width, ROW);
      if (found.has(shown.rows[r])) fill(colours.match, 0, y, names(), ROW);
    }
    for (const t of ticks) fill(colours.grid, toX(t), TOP, 1, bottom - TOP);
    for (const [from, to] of data.pauses) drawPause(Math.max(names(), toX(from)), Math.min(width, toX(to)), bottom);
    for (let r = first; r < last; r++) drawRow(shown.rows[r], TOP + r * ROW - view.scrollTop, r === selected);
    drawTop(ticks);
    fill(colours.line, names() - 1, 0, 1, height);
    if (pointer && pointer.x > names()) drawPointer();
  }

  function drawPause(from, to, bottom) {
    if (from <= to) fill(colours.pause, from, TOP, Math.max(1, to - from), bottom - TOP);
  }

  function drawRow(index, y, isSelected) {
    const task = data.tasks[index], left = names(), middle = y + ROW / 2;
    context.save();
    context.beginPath();
    context.rect(left, y, plot(), ROW);
    context.clip();
    fill(colours.line, toX(task.begin), middle, Math.max(1, toX(task.end) - toX(task.begin)), 1);
    if (isClosed(index)) {
      drawProfile(profileOf(index), y + ROW - 3, ROW - 5);
    } else {
      for (const [x, w, kind, share] of Model.bars(task, range, plot())) {
        const h = BAR[kind] * share;
        fill(colours[KINDS[kind]], left + x, middle - h / 2, w, h);
      }
    }
    const last = isClosed(index) ? index + task.below : index;
    for (let i = index; i <= last; i++) drawMarks(data.tasks[i].marks, middle);
    if (task.end < range.from) write('‹', left + 3, middle, colours.faint, 9);
    if (task.begin > range.to) write('›', width - 10, middle, colours.faint, 9);
    context.restore();
    const indent = indentOf(task);
    if (task.below) write(isClosed(index) ? '▸' : '▾', indent, middle, colours.faint, 12);
    const colour = task.outcome === 'failed' ? colours.failure : task.outcome === 'cancelled' ? colours.cancel : colours.text;
    const name = isClosed(index) ? task.name + '  +' + task.below : task.name;
    write(name, indent + 14, middle, colour, left - indent - 22);
    if (isSelected) {
      context.strokeStyle = colours.select;
      context.lineWidth = 2;
      context.strokeRect(1, y + 1, width - 2, ROW - 2);
    }
  }

  /** Triangles for cancellations and crosses for failures; of several at one place the first of each kind. */
  function drawMarks(marks, y) {
    const seen = new Set();
    for (const [kind, at] of marks) {
      const x = Math.round(toX(at)), colour = colours[kind === 'failed' ? 'failure' : 'cancel'];
      if (x < names() - 6 || x > width + 6 || seen.has(colour + x)) continue;
      seen.add(colour + x);
      context.beginPath();
      if (kind === 'failed') {
        for (const side of [-1, 1]) { context.moveTo(x - 5, y - 5 * side); context.lineTo(x + 5, y + 5 * side); }
      } else {
        context.moveTo(x - 6, y - 6);
        context.lineTo(x + 6, y - 6);
        context.lineTo(x, y + 5);
        context.closePath();
      }
      context.lineWidth = kind === 'failed' ? 5 : 2;
      context.strokeStyle = colours.back; // a rim, so that it stands out from the bars
      context.stroke();
      context.lineWidth = 3;
      context.strokeStyle = context.fillStyle = colour;
      if (kind === 'failed') context.stroke(); else context.fill();
    }
  }

  /** How many at once: in a step, on top of those ready, on top of those waiting; behind them all that are alive. */
  function drawProfile(profile, base, room) {
    const parts = Math.floor(plot()), unit = room / Math.max(1, profile[Model.ALIVE].most);
    const [steps, waits, ready, alive] = profile.map(curve => Model.averages(curve, range, parts));
    const run = steps.map(n => n > 0 ? Math.max(2, n * unit) : 0); // a few are seen among thousands
    const couldRun = run.map((h, x) => Math.max(h, (steps[x] + ready[x]) * unit));
    drawArea(colours.line, alive.map(n => n * unit), base);
    drawArea(colours.wait, couldRun.map((h, x) => Math.max(h, (steps[x] + ready[x] + waits[x]) * unit)), base);
    drawArea(colours.ready, couldRun, base);
    drawArea(colours.step, run, base);
  }

  function drawArea(colour, heights, base) {
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(names(), base);
    let before = 0;
    heights.forEach((h, x) => {
      if (h === before) return;
      context.lineTo(names() + x, base - before);
      context.lineTo(names() + x, base - h);
      before = h;
    });
    context.lineTo(names() + heights.length, base - before);
    context.lineTo(names() + heights.length, base);
    context.fill();
  }

  function drawTop(ticks) {
    const left = names(), base = TOP - AXIS - 2, most = whole[Model.ALIVE].most;
    fill(colours.back, 0, 0, width, TOP);
    drawProfile(whole, base, base - 6);
    write('tasks at once: up to ' + most, 8, 14, colours.text, left - 16);
    write('up to ' + whole[Model.STEP].most + ' of them ran', 8, 30, colours.faint, left - 16);
    for (const t of ticks) {
      fill(colours.line, toX(t), base, 1, 6);
      const label = Model.duration(t), x = toX(t) + 3;
      if (x + context.measureText(label).width <= width) write(label, x, TOP - AXIS / 2, colours.faint, 88);
    }
    write(shown.rows.length + ' of ' + data.tasks.length + ' tasks', 8, TOP - AXIS / 2, colours.faint, left - 16);
    if (data.completeFrom > range.from) fill(colours.cancel, left, TOP - 3, Math.min(width, toX(data.completeFrom)) - left, 3);
    fill(colours.line, 0, TOP - 1, width, 1);
  }

  function drawPointer() {
    const text = Model.duration(Math.round(toTime(pointer.x))), room = context.measureText(text).width + 8;
    const x = Math.min(pointer.x, width - room);
    fill(colours.select, pointer.x, 0, 1, height);
    fill(colours.select, x, TOP - AXIS + 1, room, AXIS - 4);
    write(text, x + 4, TOP - AXIS / 2, colours.back, room);
  }

  // ---- what the user does

  function go(window) {
    range = window;
    redraw();
  }

  const zoom = (factor, at) => go(Model.zoomed(range, factor, at, data.span));
  const pan = by => go(Model.moved(range, by, data.span));
  const middle = () => (range.from + range.to) / 2;

  function zoomTo(row) {
    const task = data.tasks[shown.rows[row]];
    if (!task) return;
    const at = (task.begin + task.end) / 2, length = Math.max(1, 1.1 * (task.end - task.begin));
    range = everything;
    zoom(data.span / length, at);
    pan(at - middle());
  }

  function select(row) {
    selected = Math.max(-1, Math.min(shown.rows.length - 1, row));
    const y = selected * ROW, room = height - TOP;
    if (selected >= 0 && y < view.scrollTop) view.scrollTop = y;
    if (selected >= 0 && y + ROW > view.scrollTop + room) view.scrollTop = y + ROW - room;
    details.textContent = selected < 0 ? hint : Model.describe(data, shown.rows[selected], null, 0);
    redraw();
  }

  function toggle(row) {
    const index = shown.rows[row];
    if (!data.tasks[index]?.below) return;
    if (!closed.delete(index)) closed.add(index);
    search();
  }

  function toggleAll() {
    const open = new Set(data.tasks.keys().filter(i => data.tasks[i].below));
    closed = closed.size ? new Set() : open;
    search();
  }

  function search() {
    const query = element('search').value, keep = shown.rows[selected];
    shown = Model.visibleRows(data.tasks, closed, query);
    selected = shown.rows.indexOf(keep);
    match = -1;
    if (query.trim()) view.scrollTop = 0;
    element('found').textContent = query.trim() ? shown.matches.length + (shown.matches.length === 1 ? ' task' : ' tasks') : '';
    laidOut();
  }

  function nextMatch(by) {
    const n = shown.matches.length;
    if (!n) return;
    match = (match + by + n) % n;
    const index = shown.matches[match], task = data.tasks[index];
    element('found').textContent = (match + 1) + ' of ' + n;
    if (task.end < range.from || task.begin > range.to) pan((task.begin + task.end) / 2 - middle());
    select(shown.rows.indexOf(index));
  }

  function hover(event) {
    pointer = {x: event.offsetX, row: rowAt(event.offsetY)};
    redraw();
    const index = shown.rows[pointer.row];
    tip.hidden = index === undefined;
    if (tip.hidden) return;
    const time = event.offsetX < names() ? null : toTime(event.offsetX);
    tip.textContent = Model.describe(data, index, time, 6 * (range.to - range.from) / plot());
    const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18, room = innerHeight - tip.offsetHeight - 8;
    tip.style.left = Math.max(0, x) + 'px';
    tip.style.top = Math.max(0, below > room ? event.clientY - tip.offsetHeight - 12 : below) + 'px';
  }

  function leave() {
    pointer = null;
    tip.hidden = true;
    redraw();
  }

  canvas.addEventListener('wheel', event => {
    tip.hidden = true;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      pan((event.deltaX || event.deltaY) * (range.to - range.from) / plot());
    } else if (event.offsetX < names() && !event.ctrlKey) {
      return; // the names scroll
    } else {
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), toTime(Math.max(names(), event.offsetX)));
    }
    event.preventDefault();
  }, {passive: false});

  canvas.addEventListener('pointerdown', event => {
    drag = {x: event.clientX, y: event.clientY, range, top: view.scrollTop, far: false};
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', event => {
    if (!drag) { hover(event); return; }
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    drag.far = drag.far || Math.abs(dx) + Math.abs(dy) > 4;
    if (!drag.far) return;
    leave();
    go(Model.moved(drag.range, -dx * (range.to - range.from) / plot(), data.span));
    view.scrollTop = drag.top - dy;
  });
  canvas.addEventListener('pointerup', event => {
    const clicked = drag && !drag.far, row = rowAt(event.offsetY);
    drag = null;
    if (!clicked || row < 0 || row >= shown.rows.length) return;
    const indent = indentOf(data.tasks[shown.rows[row]]);
    if (event.offsetX >= indent - 6 && event.offsetX < indent + 14) toggle(row); else select(row);
  });
  canvas.addEventListener('dblclick', event => { if (event.offsetX > names()) zoomTo(rowAt(event.offsetY)); });
  canvas.addEventListener('pointercancel', () => { drag = null; });
  canvas.addEventListener('pointerleave', leave);

  const page = () => Math.max(1, Math.floor((height - TOP) / ROW) - 1);
  const actions = {
    ArrowDown: () => select(selected + 1), ArrowUp: () => select(Math.max(0, selected - 1)),
    PageDown: () => select(selected + page()), PageUp: () => select(Math.max(0, selected - page())),
    Home: () => select(0), End: () => select(shown.rows.length - 1),
    ArrowLeft: () => pan((range.from - range.to) / 8), ArrowRight: () => pan((range.to - range.from) / 8),
    '+': () => zoom(2, middle()), '=': () => zoom(2, middle()), '-': () => zoom(0.5, middle()), '0': () => go(everything),
    f: () => zoomTo(selected), Enter: () => toggle(selected), ' ': () => toggle(selected), '*': toggleAll,
    Escape: () => select(-1), '/': () => element('search').focus(),
  };
  document.addEventListener('keydown', event => {
    const pressesButton = event.target.matches('button') && (event.key === 'Enter' || event.key === ' ');
    if (event.ctrlKey || event.metaKey || event.altKey || pressesButton || event.target.matches('input')) return;
    if (Object.hasOwn(actions, event.key)) {
      actions[event.key]();
      event.preventDefault();
    }
  });

  const button = (id, action) => element(id).addEventListener('click', action);
  button('in', () => zoom(2, middle()));
  button('out', () => zoom(0.5, middle()));
  button('fit', () => go(everything));
  button('all', toggleAll);
  element('search').addEventListener('input', search);
  element('search').addEventListener('keydown', event => {
    if (event.key === 'Enter') nextMatch(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape') { element('search').value = ''; search(); canvas.focus(); }
    if (event.key === 'Enter' || event.key === 'Escape') event.preventDefault();
  });
  view.addEventListener('scroll', redraw);
  new ResizeObserver(resized).observe(view);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', readColours);

  const notes = [];
  if (data.note) notes.push(data.note);
  if (data.lost) notes.push(data.lost + ' events were lost because the recorder keeps the last ones only.' + (data.completeFrom ? ' Before ' + Model.duration(data.completeFrom) + ' some are missing.' : ''));
  if (!data.tasks.length) notes.push('Nothing was recorded.');
  element('note').textContent = notes.join(' ');
  element('summary').textContent = Model.summary(data, whole);
  readColours();
  resized();
  return {data, range: () => range, rows: () => shown.rows, selected: () => selected, toX, draw, ROW, TOP};
}

let timeline = null; // what is shown
document.addEventListener('DOMContentLoaded', () => {
  let data;
  try {
    data = JSON.parse(document.getElementById('data').textContent);
  } catch (error) {
    document.getElementById('note').textContent = 'The data of this page is not complete: ' + error.message;
    return;
  }
  timeline = show(Model.prepare(data));
});

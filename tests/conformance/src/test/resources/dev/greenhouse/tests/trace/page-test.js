// Runs the script of a timeline's page under Node, with a stand-in for the browser: what is drawn is
// counted, and events are fired at the handlers. Arguments: the page, and how many tasks it has.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const vm = require('node:vm');

const page = fs.readFileSync(process.argv[2], 'utf8');
const tasks = Number(process.argv[3]);
const WIDTH = 1200, HEIGHT = 700, ROW = 20, TOP = 64;

const part = pattern => page.match(pattern)[1];
const sandbox = {module: {}, document: null, console};
vm.runInNewContext(part(/<script>(.*?)<\/script/s), sandbox);
const Timeline = sandbox.module.exports;

// ---- the browser

let drawn = [];
const context = {
  measureText: text => ({width: 6.5 * text.length}),
  fillRect(x, y, w, h) {
    for (const n of [x, y, w, h]) assert(Number.isFinite(n), 'fillRect of ' + [x, y, w, h]);
    drawn.push({op: 'rect', colour: this.fillStyle, x, y, w, h});
  },
  fillText(text, x, y) { drawn.push({op: 'text', colour: this.fillStyle, text, x, y}); },
  fill() { drawn.push({op: 'mark', colour: this.fillStyle}); },
  setTransform() {}, save() {}, restore() {}, beginPath() {}, rect() {}, clip() {}, moveTo() {}, lineTo() {},
  strokeRect(x, y, w, h) { drawn.push({op: 'select', x, y, w, h}); },
};

function element(id) {
  const handlers = {};
  return {
    id, handlers, style: {}, textContent: '', value: '', hidden: false, scrollTop: 0,
    clientWidth: WIDTH, clientHeight: HEIGHT, offsetWidth: 200, offsetHeight: 60,
    addEventListener: (type, handler) => { (handlers[type] ||= []).push(handler); },
    getContext: () => context, focus() { this.focused = true; },
    fire(type, event = {}) {
      const full = {preventDefault() { full.prevented = true; }, ...event};
      handlers[type].forEach(handler => handler(full));
      return full;
    },
  };
}

const elements = {};
for (const [, id] of page.matchAll(/ id="([a-z]+)"/g)) if (id !== 'data') elements[id] = element(id);
elements.data = {textContent: part(/id="data">(.*?)<\/script/s)};
const document = {
  documentElement: {}, body: {appendChild(e) { elements[e.id] = e; }},
  getElementById: id => elements[id] || null,
  createElement: tag => element(tag),
};
const frames = [];
const window = {
  devicePixelRatio: 2, innerWidth: WIDTH, innerHeight: HEIGHT, addEventListener() {},
  getComputedStyle: () => ({getPropertyValue: name => part(new RegExp(name + ': (#[0-9a-f]{6})'))}),
  requestAnimationFrame: frame => frames.push(frame),
};

function frame() {
  drawn = [];
  assert(frames.length > 0, 'nothing was to be drawn again');
  frames.splice(0).forEach(f => f());
  return drawn;
}

const colour = name => window.getComputedStyle().getPropertyValue('--' + name);
const names = () => drawn.filter(d => d.op === 'text' && d.y > TOP && d.text !== '▾' && d.text !== '▸').map(d => d.text);
const bars = name => drawn.filter(d => d.op === 'rect' && d.colour === colour(name) && d.y >= TOP);

// ---- the pure functions

assert.strictEqual(Timeline.lowerBound([1, 3, 3, 7], 3), 1);
assert.strictEqual(Timeline.lowerBound([1, 3, 3, 7], 8), 4);
assert.strictEqual(Timeline.duration(999), '999 ns');
assert.strictEqual(Timeline.duration(1500), '1.5 µs');
assert.strictEqual(Timeline.duration(2.5e9), '2.5 s');
const half = Timeline.zoomed({from: 0, to: 1000}, 2, 500, 1000);
assert.deepStrictEqual({...half}, {from: 250, to: 750});
assert.deepStrictEqual({...Timeline.zoomed(half, 0.001, 300, 1000)}, {from: 0, to: 1000});
assert.deepStrictEqual({...Timeline.moved(half, 9999, 1000)}, {from: 500, to: 1000});
assert(Timeline.ticks({from: 0, to: 1e9}, 10).length <= 11);
// A million spans are a few rectangles for each pixel, with their shares.
const many = {spans: [], parent: -1, begin: 0, end: 2e6, name: 'many', nursery: '', id: 1, marks: []};
for (let i = 0; i < 1e6; i++) many.spans.push(i % 2, 2 * i, 2);
const prepared = Timeline.prepare({tasks: [many], greenhouses: ['g'], span: 2e6}).tasks[0];
const few = Timeline.bars(prepared, {from: 0, to: 2e6}, 800);
assert(few.length >= 800 && few.length <= 2400, few.length + ' bars');
assert(few.filter(b => b[2] === 0).every(b => Math.abs(b[3] - 0.5) < 0.05));
assert.strictEqual(Timeline.spanAt(prepared, 5), 2);

// ---- the page

const shown = Timeline.open(document, window);
frame();
assert.strictEqual(elements.note.textContent, '');
assert.strictEqual(shown.rows().length, tasks);
const screen = Math.ceil((HEIGHT - TOP) / ROW) + 1;
assert(names().length <= screen && names().length >= Math.min(tasks, screen - 2), names().length + ' rows are drawn');
assert.strictEqual(names()[0], 'main');
assert(bars('step').length > 0, 'no steps are drawn');
assert(drawn.length < 12 * WIDTH, drawn.length + ' things are drawn');

// Scrolling shows others.
if (tasks > screen) {
  elements.view.scrollTop = tasks * ROW / 2;
  elements.view.fire('scroll');
  frame();
  assert(names().length <= screen && !names().includes('main'));
  elements.view.scrollTop = 0;
}

// Buttons and wheel zoom; the moment under the pointer stays where it is.
const all = shown.range().to;
elements.in.fire('click');
frame();
assert.strictEqual(shown.range().to - shown.range().from, all / 2);
elements.out.fire('click');
assert.strictEqual(shown.range().to - shown.range().from, all);
const pointer = {offsetX: 800, offsetY: 100, clientX: 800, clientY: 100, deltaX: 0};
const wheel = elements.canvas.fire('wheel', {...pointer, deltaY: -400});
assert(wheel.prevented && shown.range().to - shown.range().from < all / 2);
frame();
assert(!elements.canvas.fire('wheel', {...pointer, offsetX: 20, deltaY: 40}).prevented, 'the names do not scroll');
const before = shown.range().from;
elements.canvas.fire('wheel', {...pointer, deltaY: 100, shiftKey: true});
assert(shown.range().from > before);
elements.fit.fire('click');
assert.strictEqual(shown.range().to, all);
frame();

// Hovering tells of the task.
elements.canvas.fire('pointermove', {...pointer, offsetX: 40, offsetY: TOP + 5});
assert(!elements.tip.hidden);
assert.match(elements.tip.textContent, /^main {2}\(task \d+, succeeded\)\ngreenhouse 'test-/);
elements.canvas.fire('pointermove', {...pointer, offsetX: 800, offsetY: TOP + 5});
assert.match(elements.tip.textContent, /here: (step|waits|ready), /);
elements.canvas.fire('pointerleave');
assert(elements.tip.hidden);

// Keys: choose, close and open what is below, zoom, search.
const key = name => elements.canvas.fire('keydown', {key: name}).prevented;
assert(key('ArrowDown'));
assert.strictEqual(shown.selected(), 0);
assert.match(elements.details.textContent, /^main/);
key('Enter');
assert.strictEqual(shown.rows().length, 1);
key('Enter');
assert.strictEqual(shown.rows().length, tasks);
key('End');
assert.strictEqual(shown.selected(), tasks - 1);
frame();
assert(drawn.some(d => d.op === 'select' && d.y >= TOP && d.y < HEIGHT), 'the chosen one is in sight');
key('+');
assert.strictEqual(shown.range().to - shown.range().from, all / 2);
key('0');
assert(!key('x'));
key('/');
assert(elements.search.focused);

// Searching leaves those that match, and who is above them.
elements.search.value = 'TASK 3';
elements.search.fire('input');
frame();
assert(names().includes('main') && names().includes('task 3') && !names().includes('task 2'));
elements.search.fire('keydown', {key: 'Enter'});
assert.match(elements.details.textContent, /^task 3/);
assert.match(elements.found.textContent, /^1 of \d+$/);
elements.search.value = 'nobody';
elements.search.fire('input');
frame();
assert.deepStrictEqual(names(), []);
assert.strictEqual(elements.found.textContent, '0 tasks');
elements.search.fire('keydown', {key: 'Escape'});
assert.strictEqual(shown.rows().length, tasks);

// Failures and cancellations have their colours.
elements.search.value = 'broken';
elements.search.fire('input');
frame();
assert(bars('failure').length > 0 && drawn.some(d => d.op === 'mark' && d.colour === colour('failure')));
elements.search.value = 'sleeper';
elements.search.fire('input');
frame();
assert(bars('cancel').length > 0 && drawn.some(d => d.op === 'mark' && d.colour === colour('cancel')));

// Data that was cut off is said to be.
elements.data = {textContent: '{"tasks":[{'};
assert.strictEqual(Timeline.open(document, window), null);
assert.match(elements.note.textContent, /not complete/);
console.log('all is well');

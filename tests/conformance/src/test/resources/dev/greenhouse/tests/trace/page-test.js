// Tests what a timeline's page calculates, under Node; what it draws and does is tested in a browser.
// Arguments: the page, and how many tasks it has.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const vm = require('node:vm');

const page = fs.readFileSync(process.argv[2], 'utf8');
const count = Number(process.argv[3]);
const part = pattern => page.match(pattern)[1];
const script = part(/<script>(.*?)<\/script/s);
const Model = vm.runInNewContext(script + '; Model', {document: {addEventListener() {}}});
const task = (begin, end, spans, parent = -1, name = 'a') =>
  ({spans, parent, begin, end, name, nursery: '', id: 1, marks: [], outcome: 'succeeded', greenhouse: 0});
const prepare = (...tasks) => Model.prepare({tasks, greenhouses: ['g'], pauses: [], span: 1000});

// Numbers and times.
assert.strictEqual(Model.lowerBound([1, 3, 3, 7], 3), 1);
assert.strictEqual(Model.lowerBound([1, 3, 3, 7], 8), 4);
assert.deepStrictEqual([0, 999, 1500, 2.5e9].map(Model.duration), ['0', '999 ns', '1.5 µs', '2.5 s']);
const half = Model.zoomed({from: 0, to: 1000}, 2, 500, 1000);
assert.deepStrictEqual({...half}, {from: 250, to: 750});
assert.deepStrictEqual({...Model.zoomed(half, 0.001, 300, 1000)}, {from: 0, to: 1000});
assert.deepStrictEqual({...Model.moved(half, 9999, 1000)}, {from: 500, to: 1000});
assert(Model.ticks({from: 0, to: 1e9}, 10).length <= 11);

// A million spans are a few rectangles for each pixel, with their shares.
const spans = [];
for (let i = 0; i < 1e6; i++) spans.push(i % 2, 2 * i, 2);
const many = prepare(task(0, 2e6, spans)).tasks[0];
const few = Model.bars(many, {from: 0, to: 2e6}, 800);
assert(few.length >= 800 && few.length <= 2400, few.length + ' bars');
assert(few.filter(b => b[2] === 0).every(b => Math.abs(b[3] - 0.5) < 0.05));
assert.strictEqual(Model.spanAt(many, 5), 2);

// How many at once: one runs from 0 to 100, another waits from 50 to 100 and runs to 150.
const two = prepare(task(0, 100, [0, 0, 100]), task(50, 150, [1, 50, 50, 0, 100, 50]));
const [steps, waits, ready, alive] = Model.profile(two.tasks);
assert.deepStrictEqual([steps.most, waits.most, ready.most, alive.most], [1, 1, 0, 2]);
assert.deepStrictEqual([...Model.averages(alive, {from: 0, to: 200}, 4)], [1, 2, 1, 0]);
assert.deepStrictEqual([...Model.averages(steps, {from: 90, to: 170}, 2)], [1, 0.5]);
assert.match(Model.summary(two, [steps, waits, ready, alive]), /^Greenhouse 'g': 2 tasks in 1 µs, up to 2 at once\. At most 1 ran /);

// Pauses.
two.pauses = [[10, 20]];
assert.match(Model.summary(two, [steps, waits, ready, alive]), /turn\. In a pause of 10 ns nothing was recorded\.$/);
assert.match(Model.describe(two, 0, 15, 1), /here: not recorded for 10 ns/);
assert.match(Model.describe(two, 0, 25, 1), /here: runs/);
two.pauses = [[10, 20], [30, 50]];
assert.match(Model.summary(two, [steps, waits, ready, alive]), /turn\. In 2 pauses, 30 ns together, nothing was recorded\.$/);

// Of a tree of 1 + 20 + 400 tasks the last are closed at first; of 1 + 400 in one row none.
const tree = [task(0, 9, [])];
for (let i = 0; i < 20; i++) {
  const parent = tree.push(task(0, 9, [], 0)) - 1;
  for (let k = 0; k < 20; k++) tree.push(task(0, 9, [], parent));
}
const data = prepare(...tree);
const closed = Model.closedAtFirst(data, 300);
assert.deepStrictEqual([closed.size, closed.has(0), data.tasks[0].below, data.tasks[1].below, data.depth], [20, false, 420, 20, 2]);
assert.strictEqual(Model.visibleRows(data.tasks, closed, '').rows.length, 21);
const flat = prepare(task(0, 9, []), ...Array.from({length: 400}, () => task(0, 9, [], 0)));
assert.strictEqual(Model.closedAtFirst(flat, 300).size, 0);

// What was recorded.
const recorded = Model.prepare(JSON.parse(part(/id="data">(.*?)<\/script/s)));
assert.strictEqual(recorded.tasks.length, count);
assert.strictEqual(Model.visibleRows(recorded.tasks, new Set(), '').rows.length, count);
const found = Model.visibleRows(recorded.tasks, new Set(), 'BROKEN');
assert.deepStrictEqual([...found.rows].map(i => recorded.tasks[i].name), ['main', 'broken']);
assert.strictEqual(found.matches.length, 1);
assert.match(Model.describe(recorded, found.matches[0], null, 0), /^broken {2}\(task \d+, failed\)\n.* of 'main', greenhouse 'test-.*the hose leaks$/s);
console.log('all is well');

// Where things are in a timeline's page, and what is drawn there.
const look = {
  task: name => timeline.data.tasks.findIndex(task => task.name === name),

  /** The names of the rows from the top on. */
  rows: () => timeline.rows().map(index => timeline.data.tasks[index].name),

  /** The place of a moment in a task's row, in the window; without a moment, of its name. */
  at(name, time) {
    const box = document.getElementById('canvas').getBoundingClientRect();
    const row = timeline.rows().indexOf(this.task(name));
    const y = timeline.TOP + (row + 0.5) * timeline.ROW - document.getElementById('view').scrollTop;
    return {x: box.x + (time === undefined ? 60 : timeline.toX(time)), y: box.y + y};
  },

  /** The longest span of a kind: 0 a step, 1 a wait, 2 ready. */
  longest(kind) {
    let longest = {length: -1};
    for (const task of timeline.data.tasks) {
      task.kinds.forEach((k, i) => {
        const length = task.ends[i] - task.begins[i];
        if (k === kind && length > longest.length) longest = {name: task.name, middle: task.begins[i] + length / 2, length};
      });
    }
    return longest;
  },

  /** The colours in a box around a place, as #rrggbb. */
  colours(x, y, around) {
    const canvas = document.getElementById('canvas'), box = canvas.getBoundingClientRect();
    const size = 2 * around + 1, copy = new OffscreenCanvas(size, size).getContext('2d', {willReadFrequently: true});
    copy.drawImage(canvas, around - Math.round(x - box.x), around - Math.round(y - box.y));
    const {data} = copy.getImageData(0, 0, size, size);
    const found = new Set();
    for (let i = 0; i < data.length; i += 4) found.add('#' + [...data.slice(i, i + 3)].map(b => b.toString(16).padStart(2, '0')).join(''));
    return [...found];
  },

  colourOf: name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim(),
  text: id => document.getElementById(id).textContent,
  width: () => timeline.range().to - timeline.range().from,
};

package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.trace.Told.Mark;
import dev.greenhouse.instrumentation.trace.Told.Person;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// What is recorded at a moment, as rows: a task comes after its parent, and before that one's next
/// child.
///
/// @param greenhouses their names; tasks that nobody knows any more are in one without a name
/// @param begin when it begins, in nanoseconds as [System#nanoTime] has them
/// @param pauses in which nothing was recorded, none before the beginning or after the end
/// @param lost how many events are missing
/// @param completeFrom the time from which on none is
record Picture(
    List<Row> rows,
    List<String> greenhouses,
    long begin,
    long end,
    List<Pause> pauses,
    long lost,
    long completeFrom) {

  /// Between a stop and a start.
  record Pause(long begin, long end) {}

  private record Event(int kind, long task, long time) {}

  static Picture of(
      Sessions sessions,
      Recording recording,
      Kept<Person> people,
      Kept<Mark> marks,
      List<GreenhouseView> greenhouses,
      long lost) {
    var rows = new HashMap<Long, Row>();
    long walked = System.nanoTime();
    // First who lives: who ends meanwhile is seen to have ended.
    greenhouses.forEach(g -> g.roots().forEach(root -> addLiving(root, rows)));
    var events = new ArrayList<Event>();
    long completeFrom =
        recording.read((kind, task, time) -> events.add(new Event(kind, task, time)));
    people.forEach(
        p -> {
          row(rows, p.task()).is(p, false);
          events.add(new Event(Events.SPAWNED, p.task(), p.time()));
        });
    // A stable sort: of the events of one ring that have the same time, the earlier stays first.
    events.sort(Comparator.comparingLong(Event::time));
    // What lies in a pause comes from a hook that had begun before.
    events.removeIf(e -> sessions.at(e.time) < 0);
    events.forEach(e -> row(rows, e.task).event(e.kind, e.time, sessions));
    for (Mark mark : new LinkedHashSet<>(listed(marks))) {
      if (sessions.at(mark.time()) >= 0) {
        row(rows, mark.task()).mark(mark);
      }
    }
    long now = Math.min(System.nanoTime(), sessions.end(sessions.last()));
    rows.values().forEach(r -> r.finish(walked, now, sessions));
    return arranged(rows, sessions, lost, completeFrom);
  }

  private static List<Mark> listed(Kept<Mark> marks) {
    var list = new ArrayList<Mark>();
    marks.forEach(list::add);
    return list;
  }

  private static Row row(Map<Long, Row> rows, long task) {
    return rows.computeIfAbsent(task, Row::new);
  }

  /// The tree may be deep, so it is walked without recursion.
  private static void addLiving(TaskView root, Map<Long, Row> rows) {
    var left = new ArrayDeque<TaskView>();
    var seen = new HashSet<Long>();
    left.add(root);
    for (TaskView task; (task = left.poll()) != null; ) {
      if (seen.add(task.id())) {
        row(rows, task.id()).is(Person.of(task, Long.MIN_VALUE), true);
        for (NurseryView nursery : task.nurseries()) {
          left.addAll(nursery.children());
        }
      }
    }
  }

  private static Picture arranged(
      Map<Long, Row> byTask, Sessions sessions, long lost, long completeFrom) {
    var known = byTask.values().stream().filter(r -> !r.isEmpty()).toList();
    long begin = known.stream().mapToLong(Row::begin).min().orElse(0);
    long end = known.stream().mapToLong(Row::end).max().orElse(0);
    known.forEach(r -> r.livedBefore(begin, sessions));
    var roots = new ArrayList<Row>();
    var children = new HashMap<Long, List<Row>>();
    for (Row row : known) {
      Row parent = byTask.get(row.parentTask());
      if (parent == null || parent.isEmpty() || parent == row) {
        roots.add(row);
      } else {
        children.computeIfAbsent(parent.task, _ -> new ArrayList<>()).add(row);
      }
    }
    var order = Comparator.comparingLong(Row::begin).thenComparingLong(r -> r.task);
    roots.sort(Comparator.comparing(Row::greenhouse).thenComparing(order));
    var rows = new ArrayList<Row>();
    var left = new ArrayDeque<Row>(roots);
    for (Row row; (row = left.poll()) != null; ) {
      int place = rows.size();
      rows.add(row);
      var below = children.remove(row.task);
      if (below != null) {
        below.sort(order.reversed());
        for (Row child : below) {
          child.parent = place;
          child.depth = row.depth + 1;
          left.addFirst(child);
        }
      }
    }
    var names = rows.stream().map(Row::greenhouse).distinct().toList();
    var pauses = pauses(sessions, begin, end);
    return new Picture(rows, names, begin, end, pauses, lost, completeFrom);
  }

  private static List<Pause> pauses(Sessions sessions, long begin, long end) {
    var pauses = new ArrayList<Pause>();
    for (int i = 0; i < sessions.last(); i++) {
      long stop = sessions.end(i);
      long start = sessions.begin(i + 1);
      if (stop >= begin && start <= end) {
        pauses.add(new Pause(stop, start));
      }
    }
    return pauses;
  }

  boolean isIncomplete() {
    return lost > 0 && completeFrom > begin;
  }
}

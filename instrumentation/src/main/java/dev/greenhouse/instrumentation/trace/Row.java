package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.trace.Told.Mark;
import dev.greenhouse.instrumentation.trace.Told.Person;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A task in a picture: spans, and marks on them. Made by going through its events in the order of
/// their times; then it does not change any more.
///
/// | state | entered by | leaves by |
/// |---|---|---|
/// | unseen | nothing is known yet, or it has ended; a pause | any event |
/// | waiting | spawn, the end of a step | scheduled: ready; a step that begins |
/// | ready | scheduled, the end of a step in which it was | a step that begins |
/// | in a step | a step that begins | its end |
///
/// A step's beginning may come a little before the event that scheduled the task, because a loop
/// takes the end of the step before it: then the step begins with that event.
///
/// After a pause the task may be in a step whose beginning was not recorded, and in which it may
/// have been scheduled already. How that step ends then does not tell whether it waits.
final class Row {
  /// What a span is, as numbers in the page.
  static final int STEP = 0;

  static final int WAIT = 1;
  static final int READY = 2;

  /// How the task ended, as far as it is known.
  enum Ending {
    LIVING,
    SUCCEEDED,
    FAILED,
    CANCELLED,
    UNKNOWN
  }

  private enum State {
    UNSEEN,
    WAITING,
    READY,
    IN_STEP
  }

  /// Takes a span.
  @FunctionalInterface
  interface SpanReader {
    /// Takes it.
    void span(int kind, long begin, long end);
  }

  final long task;
  private final List<Mark> marks = new ArrayList<>();
  private @Nullable Person person;
  private boolean living;
  private Ending ending = Ending.UNKNOWN;
  private long begin = Long.MAX_VALUE;
  private long end = Long.MIN_VALUE;
  private long[] spans = new long[3 * 8];
  private int size;

  // While events come.
  private State state = State.UNSEEN;
  private long since;
  private long waitingSince;
  private boolean waited; // right before the step, since `waitingSince`
  private boolean early; // the step began, and the event that scheduled it has not come yet
  private boolean woken;
  private boolean exited;
  private int session = -1; // of the last event
  private boolean mayBeInStep; // nothing was recorded of it since a pause, but a schedule

  // Its place, found when all rows are there.
  int parent = -1;
  int depth;

  Row(long task) {
    this.task = task;
  }

  // ---- making

  void is(Person known, boolean lives) {
    if (person == null || lives || known.time() >= person.time()) {
      person = known;
    }
    living |= lives;
  }

  void mark(Mark mark) {
    marks.add(mark);
    stretch(mark.time());
  }

  /// @param time in a session
  void event(int kind, long time, Sessions sessions) {
    int current = sessions.at(time);
    if (current != session) {
      leaveSession(sessions);
      session = current;
      mayBeInStep = current > 0;
    }
    stretch(time);
    switch (kind) {
      case Events.SPAWNED -> {
        if (state == State.UNSEEN) {
          enter(State.WAITING, time);
        }
        exited = false;
        mayBeInStep = false;
        ending = Ending.UNKNOWN;
      }
      case Events.SCHEDULED -> scheduled(time);
      case Events.BEGAN -> began(time);
      case Events.ENDED -> ended(time, false);
      case Events.YIELDED -> ended(time, true);
      case Events.SUCCEEDED -> exited(Ending.SUCCEEDED);
      case Events.FAILED -> exited(Ending.FAILED);
      case Events.CANCELLED -> exited(Ending.CANCELLED);
      default -> throw new AssertionError("No such event: " + kind);
    }
  }

  /// It was there until the pause, as something comes after it.
  private void leaveSession(Sessions sessions) {
    if (session >= 0 && state != State.UNSEEN) {
      long pause = sessions.end(session);
      close(pause);
      state = State.UNSEEN;
      stretch(pause);
    }
  }

  private void scheduled(long time) {
    switch (state) {
      case IN_STEP -> {
        if (early) {
          early = false;
          since = time;
        } else {
          woken = true;
        }
      }
      case WAITING -> {
        add(WAIT, since, time);
        enter(State.READY, time);
      }
      case UNSEEN -> enter(State.READY, time);
      case READY -> {} // it was woken twice
    }
  }

  private void began(long time) {
    waited = state == State.WAITING;
    early = waited;
    if (waited) {
      waitingSince = since;
    } else if (state == State.READY) {
      add(READY, since, time);
    } // or else the end of the step before was lost, and that step with it
    woken = false;
    mayBeInStep = false;
    enter(State.IN_STEP, time);
  }

  private void ended(long time, boolean scheduled) {
    if (state == State.IN_STEP) {
      close(time);
    }
    if (exited) {
      state = State.UNSEEN;
    } else if (mayBeInStep) {
      mayBeInStep = false;
      enter(state, time); // ready, if it was scheduled since the pause
    } else {
      enter(scheduled || woken ? State.READY : State.WAITING, time);
    }
  }

  private void exited(Ending how) {
    exited = true;
    ending = how;
    if (state != State.IN_STEP) {
      state = State.UNSEEN; // it never ran, or its last step was lost
    }
  }

  /// Draws what goes on, up to a time.
  private void close(long time) {
    switch (state) {
      case IN_STEP -> {
        if (waited) {
          add(WAIT, waitingSince, since);
        }
        add(STEP, since, time);
      }
      case WAITING -> add(WAIT, since, time);
      case READY -> add(READY, since, time);
      case UNSEEN -> {}
    }
  }

  private void enter(State next, long time) {
    state = next;
    since = time;
  }

  /// All events have come. What goes on is drawn up to now, if the task lives.
  ///
  /// @param walked when the living were looked for: a task that came later may live
  /// @param now or when the recording was stopped
  void finish(long walked, long now, Sessions sessions) {
    if (!exited && (living || (person != null && person.time() >= walked))) {
      if (session == sessions.last()) {
        close(now);
      } else {
        leaveSession(sessions);
      }
      ending = Ending.LIVING;
      if (!isEmpty() || sessions.haveSeen(task)) {
        stretch(now);
      }
    }
    if (size > 0) {
      begin = Math.min(begin, spans[1]);
      end = Math.max(end, spans[size - 1]);
    }
    spans = Arrays.copyOf(spans, size);
    marks.sort((a, b) -> Long.compare(a.time(), b.time()));
  }

  /// A task that was there before the recording began is drawn from the picture's beginning on; one
  /// that was spawned in a pause, from its end.
  void livedBefore(long pictureBegin, Sessions sessions) {
    if (living && person != null && person.time() == Long.MIN_VALUE) {
      begin = Math.min(begin, Math.max(pictureBegin, sessions.livedFrom(task)));
    }
  }

  private void add(int kind, long from, long to) {
    if (to <= from && kind != STEP) {
      return;
    }
    if (size == spans.length) {
      spans = Arrays.copyOf(spans, 2 * size);
    }
    spans[size++] = kind;
    spans[size++] = from;
    spans[size++] = Math.max(from, to);
  }

  private void stretch(long time) {
    begin = Math.min(begin, time);
    end = Math.max(end, time);
  }

  // ---- reading

  boolean isEmpty() {
    return begin > end;
  }

  long begin() {
    return begin;
  }

  long end() {
    return end;
  }

  Ending ending() {
    return ending;
  }

  List<Mark> marks() {
    return marks;
  }

  void forEachSpan(SpanReader reader) {
    for (int i = 0; i < size; i += 3) {
      reader.span((int) spans[i], spans[i + 1], spans[i + 2]);
    }
  }

  String label() {
    return person == null ? "task " + task : person.label();
  }

  String nursery() {
    return person == null ? "" : person.nursery();
  }

  String greenhouse() {
    return person == null ? "" : person.greenhouse();
  }

  long parentTask() {
    return person == null ? 0 : person.parent();
  }
}

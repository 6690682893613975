package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.Greenhouses;
import dev.greenhouse.instrumentation.trace.Told.Mark;
import dev.greenhouse.instrumentation.trace.Told.Person;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/// An instrument that records what tasks do, and makes pictures of it: a file for
/// [Perfetto](https://ui.perfetto.dev) and Chrome's `about:tracing`, or one HTML page that needs
/// nothing else.
///
/// It keeps the last events in rings of a fixed size: the oldest are lost, and counted. Recording
/// never blocks, and a step allocates nothing. One timeline may be added to several greenhouses.
///
/// **What is seen.** When a task was spawned, could run, ran and ended, with its outcome; who
/// cancelled it and when that arrived. Without the flag `--add-opens java.base/java.lang` steps end
/// only in operations of Greenhouse: a task that waits in the JDK is seen as running.
///
/// **What may be missing.** A picture is made while the tasks run on. Of each task it has what
/// happened up to a moment, and these moments differ by as long as it takes to read the rings: an
/// event may be missing whose consequence in another task is there. What was lost to the size of
/// the rings is missing before a time that the picture names. Tasks that live are named even then;
/// those that have ended have their numbers, if they were spawned before or in a pause or if their
/// names were lost. What is missing of a task is left out, not guessed: so pauses are gaps, and a
/// task's row goes on after one only with what is seen of it then.
///
/// **Times** are of `System.nanoTime`, also under a virtual clock. On a loop the clock is read once
/// for each step: what the loop itself does between two steps, and threads on it that are no tasks,
/// are drawn as the beginning of the step after them. If a timeline is removed from a running loop
/// and added again, the first step after that may seem to begin too early; `stop` and `start` have
/// no such effect.
///
/// Any thread may call anything at any time.
public final class Timeline implements Instrument {
  private static final int DEFAULT_CAPACITY = 1 << 16;
  private static final int MIN_CAPACITY = 1 << 8;
  private static final int MAX_CAPACITY = 1 << 24;

  private final Recording recording;
  private final Kept<Person> people;
  private final Kept<Mark> marks;

  /// Where living tasks are looked for.
  private final Greenhouses greenhouses = new Greenhouses();

  private final AtomicReference<Sessions> sessions = new AtomicReference<>(Sessions.NONE);

  /// The number of the session, 0 while it is stopped. Derived from `sessions` by who changed it,
  /// in `start` and `stop`; read by every hook. A hook that has read it writes on.
  private volatile int session;

  private Timeline(int capacity) {
    int ring = Integer.highestOneBit(Math.max(MIN_CAPACITY, 2 * capacity - 1));
    recording = new Recording(ring);
    people = new Kept<>(ring / 4);
    marks = new Kept<>(ring / 4);
    start();
  }

  /// {@return a timeline that records from now on, as soon as it is added to a greenhouse, and
  /// keeps 65,536 events of each carrier}
  public static Timeline recording() {
    return recording(DEFAULT_CAPACITY);
  }

  /// Makes a timeline that records from now on, as soon as it is added to a greenhouse.
  ///
  /// A step is one event on a busy loop, two if it makes other tasks runnable, and two elsewhere;
  /// for each task that it makes runnable there is one more. An event takes 16 bytes; the memory is
  /// taken when a carrier first writes. Other threads share rings of the same size. There are at
  /// most 128 rings, and about four for each processor.
  ///
  /// @param capacity how many events are kept of each carrier; rounded up to a power of two from
  ///   256 on. A quarter of it is how many names of tasks are kept, and how many cancellations and
  ///   failures
  /// @return the timeline
  /// @throws IllegalArgumentException if the capacity is not from 1 to 16,777,216
  public static Timeline recording(int capacity) {
    if (capacity < 1 || capacity > MAX_CAPACITY) {
      throw new IllegalArgumentException(
          "A timeline can't keep %d events. Choose a capacity from 1 to %d."
              .formatted(capacity, MAX_CAPACITY));
    }
    return new Timeline(capacity);
  }

  // ---- recording

  /// Goes on recording after a [#stop]; otherwise it does nothing. What was recorded before stays.
  ///
  /// What tasks did in the pause is not known, and nothing is drawn there. Pauses are kept for the
  /// last 1,000 sessions; what lies before those is left out of pictures.
  public void start() {
    change(Sessions::started);
  }

  /// Stops recording. A picture ends here. A stopped timeline costs a read of a field for each
  /// hook; remove it from its greenhouse to pay nothing.
  public void stop() {
    change(Sessions::stopped);
  }

  /// Who publishes a stale number finds that out by reading again.
  private void change(UnaryOperator<Sessions> how) {
    sessions.updateAndGet(how);
    Sessions seen;
    do {
      seen = sessions.get();
      // A new number, so that no loop takes the end of a step before the pause for its clock.
      session = seen.areOn() ? seen.number() : 0;
    } while (seen != sessions.get());
  }

  /// {@return whether it records}
  public boolean isRecording() {
    return session != 0;
  }

  /// {@return how many events have been lost, because newer ones took their places}
  public long lost() {
    return recording.lost() + marks.lost();
  }

  // ---- pictures

  /// Writes what was recorded as a trace in JSON, for [Perfetto](https://ui.perfetto.dev) or
  /// Chrome's `about:tracing`. Blocks; recording goes on meanwhile. It is no checkpoint.
  ///
  /// A task is a thread of the trace, a greenhouse a process. If the disk is full in the middle,
  /// the trace ends with a note that says so, and is well-formed.
  ///
  /// @param file is created or replaced
  /// @throws IOException if it can't be written, or not to the end
  public void writeJson(Path file) throws IOException {
    try (TimelineFile out = openJson(file)) {
      out.write();
    }
  }

  /// The same as [#writeJson(Path)] for a stream, which is flushed and left open. If the stream
  /// fails in the middle, the note is tried once.
  ///
  /// @param out where to
  /// @throws IOException if the stream throws it
  public void writeJson(OutputStream out) throws IOException {
    Output.write(new TraceJson(picture()), out, "The trace");
  }

  /// Writes what was recorded as one HTML page that needs no network. Blocks; recording goes on
  /// meanwhile. It is no checkpoint.
  ///
  /// @param file is created or replaced
  /// @throws IOException if it can't be written, or not to the end
  public void writeHtml(Path file) throws IOException {
    try (TimelineFile out = openHtml(file)) {
      out.write();
    }
  }

  /// The same as [#writeHtml(Path)] for a stream, which is flushed and left open.
  ///
  /// @param out where to
  /// @throws IOException if the stream throws it
  public void writeHtml(OutputStream out) throws IOException {
    Output.write(new PageHtml(picture()), out, "The page");
  }

  /// Opens a file for a trace in JSON that is written later: call this at the start of a run, and
  /// what is wrong with the file is known before the work is done.
  ///
  /// @param file is created; if it is there, it is replaced when the trace is written
  /// @return the open file
  /// @throws IOException if it can't be written; the message says why
  public TimelineFile openJson(Path file) throws IOException {
    return TimelineFile.open(file, () -> new TraceJson(picture()));
  }

  /// Opens a file for an HTML page that is written later, like [#openJson].
  ///
  /// @param file is created; if it is there, it is replaced when the page is written
  /// @return the open file
  /// @throws IOException if it can't be written; the message says why
  public TimelineFile openHtml(Path file) throws IOException {
    return TimelineFile.open(file, () -> new PageHtml(picture()));
  }

  private Picture picture() {
    return Picture.of(sessions.get(), recording, people, marks, greenhouses.list(), lost());
  }

  // ---- hooks

  /// Records a spawn.
  @Override
  public void taskSpawned(TaskView task) {
    if (session != 0) {
      greenhouses.meet(task.greenhouse());
      people.add(Person.of(task, System.nanoTime()));
    }
  }

  /// Records that a task may run.
  @Override
  public void taskScheduled(TaskView task) {
    if (session != 0) {
      Thread current = Thread.currentThread();
      Lane lane = recording.laneOf(current);
      if (lane != null) {
        lane.scheduled(task.id());
      } else {
        recording.sharedOf(current).add(Events.SCHEDULED, task.id(), System.nanoTime());
      }
    }
  }

  /// Records the beginning of a step.
  @Override
  public void beforeTaskStep(TaskView task) {
    int now = session;
    if (now != 0) {
      Thread current = Thread.currentThread();
      Lane lane = recording.laneOf(current);
      if (lane == null) {
        greenhouses.meet(task.greenhouse()); // here, where those with a lane come only once
        lane = recording.laneOfCarrier(current);
      }
      if (lane != null) {
        lane.began(task.id(), now);
      } else {
        recording.sharedOf(current).add(Events.BEGAN, task.id(), System.nanoTime());
      }
    }
  }

  /// Records the end of a step.
  @Override
  public void afterTaskStep(TaskView task) {
    if (session != 0) {
      Thread current = Thread.currentThread();
      Lane lane = recording.laneOfCarrier(current);
      if (lane != null) {
        lane.ended(task.id());
      } else {
        recording.sharedOf(current).add(Events.ENDED, task.id(), System.nanoTime());
      }
    }
  }

  /// Notes that the loop on this thread tells of its idle times.
  @Override
  public void afterIdle(GreenhouseView greenhouse) {
    int now = session;
    if (now != 0) {
      greenhouses.meet(greenhouse);
      recording.idled(Thread.currentThread(), now);
    }
  }

  /// Records how a task ended.
  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    if (session == 0) {
      return;
    }
    long now = System.nanoTime();
    int kind =
        switch (outcome) {
          case Outcome.Succeeded<?> _ -> Events.SUCCEEDED;
          case Outcome.Failed<?>(Throwable error) -> {
            mark(task, now, Mark.Kind.FAILED, Told.describe(error));
            yield Events.FAILED;
          }
          case Outcome.WasCancelled<?>(CancelReason reason) -> {
            mark(task, now, Mark.Kind.WAS_CANCELLED, reason.text());
            yield Events.CANCELLED;
          }
        };
    recording.sharedOf(Thread.currentThread()).add(kind, task.id(), now);
  }

  /// Records that a scope was cancelled.
  @Override
  public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    if (session != 0) {
      greenhouses.meet(owner.greenhouse());
      String text = "scope '%s': %s".formatted(scope, reason.text());
      mark(owner, System.nanoTime(), Mark.Kind.CANCEL_REQUESTED, text);
    }
  }

  /// Records that cancellation has arrived.
  @Override
  public void cancelDelivered(TaskView task, CancelReason reason) {
    if (session != 0) {
      mark(task, System.nanoTime(), Mark.Kind.CANCEL_DELIVERED, reason.text());
    }
  }

  /// Lets go of a greenhouse that has ended.
  @Override
  public void afterRun(GreenhouseView greenhouse) {
    greenhouses.forget(greenhouse);
  }

  private void mark(TaskView task, long time, Mark.Kind kind, String text) {
    marks.add(new Mark(task.id(), time, kind, Told.cut(text, Told.MAX_TEXT)));
  }

  /// {@return whether it records, and how much was lost}
  @Override
  public String toString() {
    return "Timeline[%s, %d lost]".formatted(isRecording() ? "recording" : "stopped", lost());
  }
}

package dev.greenhouse.benchmarks;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.watch.StallWatch;

/// What a benchmark's loop is instrumented with. None of them is made for pools, but the timeline.
public enum Instrumented {
  /// Nothing.
  NOT {
    @Override
    Instrument instrument() {
      return new Instrument() {};
    }
  },

  /// Hooks of a task's beginning and end, and none of its steps.
  SPAWN_AND_EXIT {
    @Override
    Instrument instrument() {
      return new Instrument() {
        private int alive;

        @Override
        public void taskSpawned(TaskView task) {
          alive++;
        }

        @Override
        public void taskExited(TaskView task, Outcome<?> outcome) {
          alive--;
        }
      };
    }
  },

  /// Both step hooks, which do nothing.
  EMPTY_STEPS {
    @Override
    Instrument instrument() {
      return new Instrument() {
        @Override
        public void beforeTaskStep(TaskView task) {}

        @Override
        public void afterTaskStep(TaskView task) {}
      };
    }
  },

  /// Both step hooks, which measure the steps: the clock is read twice.
  TIMED_STEPS {
    @Override
    Instrument instrument() {
      return new Instrument() {
        private long begun;
        private long longest;

        @Override
        public void beforeTaskStep(TaskView task) {
          begun = System.nanoTime();
        }

        @Override
        public void afterTaskStep(TaskView task) {
          longest = Math.max(longest, System.nanoTime() - begun);
        }
      };
    }
  },

  /// The timeline, as it is made by default.
  TIMELINE {
    @Override
    Instrument instrument() {
      return Timeline.recording();
    }
  },

  /// Events of the Flight Recorder, while it does not record.
  FLIGHT_RECORDER_OFF {
    @Override
    Instrument instrument() {
      return JfrEvents.create();
    }
  },

  /// The watch for steps that hold the loop. It is never closed: its thread is a daemon's, and each
  /// variant has a JVM of its own.
  STALL_WATCH {
    @Override
    Instrument instrument() {
      return StallWatch.create();
    }
  },

  /// Counts and histograms.
  METRICS {
    @Override
    Instrument instrument() {
      return Metrics.create();
    }
  };

  abstract Instrument instrument();
}

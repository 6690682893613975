package dev.greenhouse.instrumentation.dispatch;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

/// An immutable fan-out: for each hook, the registered instruments that override it, in the order
/// they were added. An instrument that throws is marked dead before anything else happens, and the
/// mark is read before each call.
///
/// Each hook is spelled out, without lambdas, so that dispatch allocates nothing and an empty hook
/// is one length check.
public final class Hooks {
  /// The fan-out to nobody: comparing with it is the quickest way to do nothing.
  public static final Hooks NONE = new Hooks(List.of());

  private static final Method[] ALL =
      Arrays.stream(Instrument.class.getDeclaredMethods())
          .filter(Method::isDefault)
          .toArray(Method[]::new);

  private final Entry[] beforeRun;
  private final Entry[] afterRun;
  private final Entry[] taskSpawned;
  private final Entry[] taskScheduled;
  private final Entry[] beforeTaskStep;
  private final Entry[] afterTaskStep;
  private final Entry[] taskExited;
  private final Entry[] beforeIdle;
  private final Entry[] afterIdle;
  private final Entry[] nurseryOpened;
  private final Entry[] nurseryClosed;
  private final Entry[] cancelRequested;
  private final Entry[] cancelDelivered;
  private final Entry[] taskEntered;
  private final Entry[] taskLeft;
  private final boolean steps;

  private Hooks(List<Entry> entries) {
    beforeRun = overriding(entries, "beforeRun");
    afterRun = overriding(entries, "afterRun");
    taskSpawned = overriding(entries, "taskSpawned");
    taskScheduled = overriding(entries, "taskScheduled");
    beforeTaskStep = overriding(entries, "beforeTaskStep");
    afterTaskStep = overriding(entries, "afterTaskStep");
    taskExited = overriding(entries, "taskExited");
    beforeIdle = overriding(entries, "beforeIdle");
    afterIdle = overriding(entries, "afterIdle");
    nurseryOpened = overriding(entries, "nurseryOpened");
    nurseryClosed = overriding(entries, "nurseryClosed");
    cancelRequested = overriding(entries, "cancelRequested");
    cancelDelivered = overriding(entries, "cancelDelivered");
    taskEntered = overriding(entries, "taskEntered");
    taskLeft = overriding(entries, "taskLeft");
    steps = beforeTaskStep.length + afterTaskStep.length > 0;
  }

  static Hooks of(List<Entry> entries) {
    return entries.isEmpty() ? NONE : new Hooks(entries);
  }

  private static Entry[] overriding(List<Entry> entries, String hook) {
    return entries.stream().filter(e -> overrides(e.instrument, hook)).toArray(Entry[]::new);
  }

  private static boolean overrides(Instrument instrument, String hook) {
    for (Method m : ALL) {
      if (m.getName().equals(hook)) {
        try {
          Method found = instrument.getClass().getMethod(hook, m.getParameterTypes());
          return found.getDeclaringClass() != Instrument.class;
        } catch (NoSuchMethodException e) {
          throw new AssertionError("An instrument without " + hook + ": " + instrument, e);
        }
      }
    }
    throw new AssertionError("No such hook: " + hook);
  }

  /// {@return whether anybody wants to hear of steps}
  public boolean hasStepHooks() {
    return steps;
  }

  /// Calls [Instrument#beforeRun].
  ///
  /// @param greenhouse the greenhouse
  public void beforeRun(GreenhouseView greenhouse) {
    if (beforeRun.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : beforeRun) {
        if (e.isLive()) {
          try {
            e.instrument.beforeRun(greenhouse);
          } catch (Throwable x) {
            e.failed("beforeRun", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#afterRun].
  ///
  /// @param greenhouse the greenhouse
  public void afterRun(GreenhouseView greenhouse) {
    if (afterRun.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : afterRun) {
        if (e.isLive()) {
          try {
            e.instrument.afterRun(greenhouse);
          } catch (Throwable x) {
            e.failed("afterRun", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#taskSpawned].
  ///
  /// @param task the task
  public void taskSpawned(TaskView task) {
    if (taskSpawned.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : taskSpawned) {
        if (e.isLive()) {
          try {
            e.instrument.taskSpawned(task);
          } catch (Throwable x) {
            e.failed("taskSpawned", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#taskScheduled].
  ///
  /// @param task the task
  public void taskScheduled(TaskView task) {
    if (taskScheduled.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : taskScheduled) {
        if (e.isLive()) {
          try {
            e.instrument.taskScheduled(task);
          } catch (Throwable x) {
            e.failed("taskScheduled", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#beforeTaskStep].
  ///
  /// @param task the task
  public void beforeTaskStep(TaskView task) {
    for (Entry e : beforeTaskStep) {
      if (e.isLive()) {
        try {
          e.instrument.beforeTaskStep(task);
        } catch (Throwable x) {
          e.failed("beforeTaskStep", x);
        }
      }
    }
  }

  /// Calls [Instrument#afterTaskStep].
  ///
  /// @param task the task
  public void afterTaskStep(TaskView task) {
    for (Entry e : afterTaskStep) {
      if (e.isLive()) {
        try {
          e.instrument.afterTaskStep(task);
        } catch (Throwable x) {
          e.failed("afterTaskStep", x);
        }
      }
    }
  }

  /// Calls [Instrument#beforeTaskStep] where the step is the current thread's own, and no
  /// carrier's.
  ///
  /// @param task the task
  public void beforeOwnStep(TaskView task) {
    if (beforeTaskStep.length > 0) {
      int place = InHook.enter();
      try {
        beforeTaskStep(task);
      } finally {
        InHook.leave(place);
      }
    }
  }

  /// Calls [Instrument#afterTaskStep] likewise.
  ///
  /// @param task the task
  public void afterOwnStep(TaskView task) {
    if (afterTaskStep.length > 0) {
      int place = InHook.enter();
      try {
        afterTaskStep(task);
      } finally {
        InHook.leave(place);
      }
    }
  }

  /// Calls [Instrument#taskExited].
  ///
  /// @param task the task
  /// @param outcome how it ended
  public void taskExited(TaskView task, Outcome<?> outcome) {
    if (taskExited.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : taskExited) {
        if (e.isLive()) {
          try {
            e.instrument.taskExited(task, outcome);
          } catch (Throwable x) {
            e.failed("taskExited", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#beforeIdle].
  ///
  /// @param greenhouse the greenhouse
  /// @param timeoutNanos nanoseconds to the next deadline
  public void beforeIdle(GreenhouseView greenhouse, long timeoutNanos) {
    if (beforeIdle.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : beforeIdle) {
        if (e.isLive()) {
          try {
            e.instrument.beforeIdle(greenhouse, timeoutNanos);
          } catch (Throwable x) {
            e.failed("beforeIdle", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#afterIdle].
  ///
  /// @param greenhouse the greenhouse
  public void afterIdle(GreenhouseView greenhouse) {
    if (afterIdle.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : afterIdle) {
        if (e.isLive()) {
          try {
            e.instrument.afterIdle(greenhouse);
          } catch (Throwable x) {
            e.failed("afterIdle", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#nurseryOpened].
  ///
  /// @param nursery the nursery
  public void nurseryOpened(NurseryView nursery) {
    if (nurseryOpened.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : nurseryOpened) {
        if (e.isLive()) {
          try {
            e.instrument.nurseryOpened(nursery);
          } catch (Throwable x) {
            e.failed("nurseryOpened", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#nurseryClosed].
  ///
  /// @param nursery the nursery
  public void nurseryClosed(NurseryView nursery) {
    if (nurseryClosed.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : nurseryClosed) {
        if (e.isLive()) {
          try {
            e.instrument.nurseryClosed(nursery);
          } catch (Throwable x) {
            e.failed("nurseryClosed", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#cancelRequested].
  ///
  /// @param owner the scope's owner
  /// @param scope the scope's name
  /// @param reason why
  public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    if (cancelRequested.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : cancelRequested) {
        if (e.isLive()) {
          try {
            e.instrument.cancelRequested(owner, scope, reason);
          } catch (Throwable x) {
            e.failed("cancelRequested", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#cancelDelivered].
  ///
  /// @param task the task
  /// @param reason why
  public void cancelDelivered(TaskView task, CancelReason reason) {
    if (cancelDelivered.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : cancelDelivered) {
        if (e.isLive()) {
          try {
            e.instrument.cancelDelivered(task, reason);
          } catch (Throwable x) {
            e.failed("cancelDelivered", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#taskEntered].
  ///
  /// @param task the task
  public void taskEntered(TaskView task) {
    if (taskEntered.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : taskEntered) {
        if (e.isLive()) {
          try {
            e.instrument.taskEntered(task);
          } catch (Throwable x) {
            e.failed("taskEntered", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }

  /// Calls [Instrument#taskLeft].
  ///
  /// @param task the task
  public void taskLeft(TaskView task) {
    if (taskLeft.length == 0) {
      return;
    }
    int place = InHook.enter();
    try {
      for (Entry e : taskLeft) {
        if (e.isLive()) {
          try {
            e.instrument.taskLeft(task);
          } catch (Throwable x) {
            e.failed("taskLeft", x);
          }
        }
      }
    } finally {
      InHook.leave(place);
    }
  }
}

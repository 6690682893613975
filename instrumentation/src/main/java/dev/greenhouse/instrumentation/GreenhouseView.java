package dev.greenhouse.instrumentation;

import java.util.List;

/// What can be seen of a greenhouse from any thread, at any time, without blocking.
public interface GreenhouseView {
  /// {@return the greenhouse's name}
  String name();

  /// {@return its living tasks that stand in no nursery: main tasks, system tasks, and threads with
  /// a nursery open}
  List<? extends TaskView> roots();

  /// {@return its instruments}
  Instruments instruments();
}

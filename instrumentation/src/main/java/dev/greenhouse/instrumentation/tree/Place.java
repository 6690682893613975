package dev.greenhouse.instrumentation.tree;

import java.util.List;

/// Where a thread is, read from its stack: which library call it is in, and who made that call.
/// Libraries are the JDK and Greenhouse; what they do inside is of little interest to who asks why
/// a program hangs.
final class Place {
  private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");
  private static final List<String> GREENHOUSE =
      List.of(
          "dev.greenhouse.nursery.", "dev.greenhouse.portal.", "dev.greenhouse.instrumentation.");

  private final List<StackTraceElement> stack;
  private final int call; // the library call that somebody made, -1 if there is none
  private final int end; // behind the task's own frames

  /// Reads a stack.
  ///
  /// @param stack innermost call first
  Place(List<StackTraceElement> stack) {
    this.stack = stack;
    int below = stack.size(); // first what runs a task, and then what runs a thread
    while (below > 0 && isOf(JDK, stack.get(below - 1))) {
      below--;
    }
    while (below > 0 && isOf(GREENHOUSE, stack.get(below - 1))) {
      below--;
    }
    this.end = below == 0 ? stack.size() : below; // or else it is all library
    int calls = 0;
    while (calls < end && (isOf(JDK, stack.get(calls)) || isOf(GREENHOUSE, stack.get(calls)))) {
      calls++;
    }
    this.call = calls - 1;
  }

  /// {@return what the thread does}
  ///
  /// @param state its state
  String inWords(Thread.State state) {
    String callee = call < 0 ? "" : method(stack.get(call));
    String caller = call + 1 < end ? shown(stack.get(call + 1)) : "";
    String both =
        callee.isEmpty() || caller.isEmpty() ? callee + caller : callee + ", called by " + caller;
    return switch (state) {
      case BLOCKED -> "blocked by a monitor in " + (caller.isEmpty() ? callee : caller);
      case WAITING, TIMED_WAITING -> "blocked in " + both;
      default -> "runs in " + both;
    };
  }

  /// {@return the task's own frames, with the library call that they are in}
  List<StackTraceElement> ownFrames() {
    return stack.subList(Math.max(0, call), end);
  }

  private static boolean isOf(List<String> packages, StackTraceElement frame) {
    String name = frame.getClassName();
    return packages.stream().anyMatch(name::startsWith);
  }

  /// Classes of libraries that lie inside of others are of no interest to who is blocked in them.
  private static String method(StackTraceElement frame) {
    String name = frame.getClassName();
    int nested = name.indexOf('$');
    return (nested < 0 ? name : name.substring(0, nested)) + "." + frame.getMethodName();
  }

  /// {@return a frame without its module}
  static String shown(StackTraceElement frame) {
    String call = frame.getClassName() + "." + frame.getMethodName();
    return frame.getFileName() == null
        ? call
        : "%s(%s:%d)".formatted(call, frame.getFileName(), frame.getLineNumber());
  }
}

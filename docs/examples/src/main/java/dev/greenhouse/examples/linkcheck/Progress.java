package dev.greenhouse.examples.linkcheck;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Tells how far the crawl is: on a terminal in one line that is written over again and again,
/// otherwise in a line for every page, then every tenth, then every hundredth. For one thread.
final class Progress {
  /// Of a terminal that says nothing about itself. A longer line could not be written over.
  private static final int WIDTH = 79;

  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private long lastShown;
  private boolean shown;
  private int pages;
  private int answers;
  private int broken;
  private String lastPage = "";

  Progress(PrintStream out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  void started(String what) {
    out.println("Checking " + what);
  }

  void pageRead(String page) {
    pages++;
    lastPage = page;
    if (terminal) {
      refresh();
    } else if (pages % step() == 0) {
      out.println(text());
    }
  }

  void answered(boolean isBroken) {
    answers++;
    if (isBroken) {
      broken++;
    }
    if (terminal) {
      refresh();
    }
  }

  /// Makes room for what is printed next.
  void finished() {
    if (shown) {
      out.print("\r" + " ".repeat(WIDTH) + "\r");
      out.flush();
    }
  }

  private int step() {
    return pages < 10 ? 1 : pages < 100 ? 10 : 100;
  }

  private void refresh() {
    long now = nanoTime.getAsLong();
    if (!shown || now - lastShown >= INTERVAL) {
      shown = true;
      lastShown = now;
      String line = text();
      out.print("\r" + line + " ".repeat(WIDTH - line.length()));
      out.flush();
    }
  }

  private String text() {
    String text =
        "%s read, %s checked, %d broken: %s"
            .formatted(
                Report.count(pages, "page"), Report.count(answers, "address"), broken, lastPage);
    return !terminal || text.length() <= WIDTH ? text : text.substring(0, WIDTH - 3) + "...";
  }
}

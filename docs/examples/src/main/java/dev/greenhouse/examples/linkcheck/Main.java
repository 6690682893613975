package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.nursery.NurseryFailedException;
import java.io.Console;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The program: reads the arguments, crawls, prints and tells by its status how it went.
final class Main {
  static final int ALL_FINE = 0;
  static final int BROKEN_LINKS = 1;
  static final int BAD_INPUT = 2;
  static final int FAILED = 3;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;
  private final Path currentFolder;

  Main(PrintStream out, PrintStream err, boolean terminal, Path currentFolder) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.currentFolder = currentFolder;
  }

  public static void main(String[] args) {
    Path currentFolder = Path.of("").toAbsolutePath();
    System.exit(new Main(System.out, System.err, isTerminal(), currentFolder).run(List.of(args)));
  }

  @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 always have one; JDK 25 has not
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /// {@return the status to exit with}
  int run(List<String> args) {
    boolean debug = args.contains("--debug"); // also if the other arguments make no sense
    try {
      Options options = Options.parse(args);
      if (options.help()) {
        out.print(Options.HELP);
        return ALL_FINE;
      }
      return check(options);
    } catch (BadInput e) {
      err.println("linkcheck: " + e.getMessage());
      return BAD_INPUT;
    } catch (RuntimeException | Error e) {
      explain(e, debug);
      return FAILED;
    }
  }

  private int check(Options options) throws BadInput {
    long begin = System.nanoTime();
    try (Site site = Site.open(options.start(), currentFolder);
        var fetcher = new Fetcher(options.requests(), options.timeout())) {
      var progress = new Progress(out, terminal, System::nanoTime);
      progress.started(site.title());
      Crawl crawl;
      try {
        crawl = new Crawler(site, fetcher, options.external(), progress).crawl();
      } finally {
        progress.finished();
      }
      requireStarts(site, crawl);
      var report = new Report(site, crawl);
      report.print(out, fetcher.requests(), Duration.ofNanos(System.nanoTime() - begin));
      return report.hasBroken() ? BROKEN_LINKS : ALL_FINE;
    }
  }

  private static void requireStarts(Site site, Crawl crawl) throws BadInput {
    for (URI start : crawl.starts()) {
      if (crawl.answerOf(start) instanceof Answer.Broken(String why)) {
        throw new BadInput("%s can't be read: %s.".formatted(site.show(start), why));
      }
    }
    if (crawl.pages().isEmpty()) {
      throw new BadInput(
          "%s is no page. Name a URL that answers with HTML or Markdown.".formatted(site.title()));
    }
  }

  private void explain(Throwable failure, boolean debug) {
    List<Throwable> causes = causes(failure);
    String more = causes.size() == 1 ? "" : " (and %d more)".formatted(causes.size() - 1);
    err.println("linkcheck failed: " + causes.getFirst() + more);
    if (debug) {
      causes.forEach(cause -> cause.printStackTrace(err));
    } else {
      err.println("--debug shows more.");
    }
  }

  /// What went wrong in the tasks, without the exceptions of the nurseries around them: that is one
  /// for each page on the way from the start.
  private static List<Throwable> causes(Throwable failure) {
    var causes = new ArrayList<Throwable>();
    var left = new ArrayDeque<Throwable>();
    left.add(failure);
    for (Throwable t; (t = left.poll()) != null; ) {
      if (t instanceof NurseryFailedException nursery) {
        left.addAll(nursery.failures());
      } else {
        causes.add(t);
      }
    }
    return causes;
  }
}

package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.NurseryFailedException;
import java.io.Console;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// One run of the program: reads the arguments, crawls, prints and tells by its status how it went.
final class Main {
  static final int ALL_FINE = 0;
  static final int BROKEN_LINKS = 1;
  static final int BAD_INPUT = 2;
  static final int FAILED = 3;
  static final int INTERRUPTED = 130; // what the JVM itself ends with after a SIGINT

  /// How long the end of the JVM is held up for the report.
  private static final long LAST_WORDS_SECONDS = 5;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;
  private final Path currentFolder;
  private final CancelScope crawling = CancelScope.named("crawl");

  Main(PrintStream out, PrintStream err, boolean terminal, Path currentFolder) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.currentFolder = currentFolder;
  }

  public static void main(String[] args) {
    Path currentFolder = Path.of("").toAbsolutePath();
    var program = new Main(System.out, System.err, isTerminal(), currentFolder);
    var over = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> program.interruptAndAwait(over)));
    int status = FAILED;
    try {
      status = program.run(List.of(args));
    } finally {
      over.countDown(); // before `exit`, which does not return before the hook does
    }
    System.exit(status);
  }

  /// Runs when the JVM goes down, for a signal or because the program has ended: threads go on
  /// until the last hook returns, so there is time for the report.
  private void interruptAndAwait(CountDownLatch over) {
    if (over.getCount() > 0) {
      interrupt();
      try {
        over.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException _) {
        // Then without.
      }
    }
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

  /// Ends the crawl early: its report is about what was checked so far. Any thread may call it, at
  /// any time.
  void interrupt() {
    crawling.cancel("the program was interrupted");
  }

  private int check(Options options) throws BadInput {
    long begin = System.nanoTime();
    try (var pictures = Pictures.open(options);
        var tree = LiveTree.of(options, err);
        Site site = Site.open(options.start(), currentFolder);
        var fetcher = new Fetcher(options.requests(), options.timeout())) {
      var progress = new Progress(out, terminal, System::nanoTime);
      progress.started(site.title());
      Crawl crawl;
      try {
        crawl =
            new Crawler(site, fetcher, options.external(), progress, crawling)
                .watchedBy(tree.instruments())
                .watchedBy(pictures.instruments())
                .crawl();
      } finally {
        progress.finished();
        pictures.write(err);
      }
      requireStarts(site, crawl);
      var report = new Report(site, crawl);
      report.print(out, fetcher.requests(), Duration.ofNanos(System.nanoTime() - begin));
      return crawl.interrupted() ? INTERRUPTED : report.hasBroken() ? BROKEN_LINKS : ALL_FINE;
    }
  }

  private static void requireStarts(Site site, Crawl crawl) throws BadInput {
    for (URI start : crawl.starts()) {
      if (crawl.answerOf(start).orElse(null) instanceof Answer.Broken(String why)) {
        throw new BadInput("%s can't be read: %s.".formatted(site.show(start), why));
      }
    }
    if (crawl.pages().isEmpty() && !crawl.interrupted()) {
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

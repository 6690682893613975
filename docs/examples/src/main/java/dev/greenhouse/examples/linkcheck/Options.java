package dev.greenhouse.examples.linkcheck;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the command line asks for.
///
/// @param start a folder, a file or a URL; null for the README and docs of the current folder
/// @param requests how many requests may be under way at once
/// @param timeout how long one request may take
/// @param external whether links to other servers are checked
/// @param trace where to write a trace of the run in JSON; null for nowhere
/// @param timeline where to write the run's timeline as an HTML page; null for nowhere
/// @param tree whether the task tree is shown on a signal, and at a stall
/// @param help whether only the help is wanted
/// @param debug whether an unexpected failure shows its stack
record Options(
    @Nullable String start,
    int requests,
    Duration timeout,
    boolean external,
    @Nullable Path trace,
    @Nullable Path timeline,
    boolean tree,
    boolean help,
    boolean debug) {
  private static final int MAX_REQUESTS = 1000;
  private static final int MAX_TIMEOUT = 3600;

  static final String HELP =
      """
      linkcheck finds broken links in a folder of pages or on a web site.

      Usage: linkcheck [options] [folder | file | URL]

      A folder is served on this machine, from its index.html, README.md or index.md on; if it has
      none of them, from each of its pages. Then every link is followed that stays below the start:
      below the folder, or below the URL's last slash. Pages are HTML and Markdown. Links to other
      things on the same server are tried, but not followed. Without an argument, README.md and
      all pages below docs in the current folder are checked.

      Options:
        --requests N        requests under way at once, 1 to 1000 (default: 16)
        --timeout SECONDS   how long one request may take (default: 5)
        --external          also try links to other servers; they are not followed
        --no-external       only count links to other servers (default)
        --trace FILE        write a trace of the run as JSON, for ui.perfetto.dev
        --timeline FILE     write a timeline of the run as one HTML page
        --tree              show the task tree on signal USR1, and when a task holds up the others
        --debug             show the stack if linkcheck itself fails
        --help, -h          show this help

      A link is broken if its target does not answer, answers with an error, or has no such anchor.

      Exit status: 0 if all links work, 1 if one is broken, 2 if the arguments are wrong or the
      start can't be read, 3 if linkcheck itself fails, 130 if it was interrupted.

      Ctrl-C ends it early: what was checked so far is shown.
      """;

  static Options parse(List<String> args) throws BadInput {
    return new Parser(args.iterator()).parse();
  }

  /// One pass over the arguments.
  private static final class Parser {
    private final Iterator<String> args;

    private @Nullable String start;
    private int requests = 16;
    private Duration timeout = Duration.ofSeconds(5);
    private boolean external;
    private @Nullable Path trace;
    private @Nullable Path timeline;
    private boolean tree;
    private boolean help;
    private boolean debug;

    Parser(Iterator<String> args) {
      this.args = args;
    }

    Options parse() throws BadInput {
      boolean onlyOperands = false;
      while (args.hasNext()) {
        String arg = args.next();
        if (onlyOperands || !arg.startsWith("-") || arg.equals("-")) {
          operand(arg);
        } else if (arg.equals("--")) {
          onlyOperands = true;
        } else {
          option(arg);
        }
      }
      if (trace != null && timeline != null && areSame(trace, timeline)) {
        throw new BadInput(
            "--trace and --timeline name the same file, '%s'. Name two.".formatted(trace));
      }
      return new Options(start, requests, timeout, external, trace, timeline, tree, help, debug);
    }

    private void operand(String arg) throws BadInput {
      if (start != null) {
        throw new BadInput(
            "There are two places to start from, '%s' and '%s'. Name one; quote names with spaces."
                .formatted(start, arg));
      }
      if (arg.isBlank()) {
        throw new BadInput("The name of the place to start from is empty. Name a folder or a URL.");
      }
      start = arg;
    }

    /// Takes both `--option value` and `--option=value`.
    private void option(String arg) throws BadInput {
      int equals = arg.indexOf('=');
      String name = equals < 0 ? arg : arg.substring(0, equals);
      String value = equals < 0 ? null : arg.substring(equals + 1);
      switch (name) {
        case "--requests" -> requests = requests(value(name, value));
        case "--timeout" -> timeout = timeout(value(name, value));
        case "--trace" -> trace = file(name, value(name, value));
        case "--timeline" -> timeline = file(name, value(name, value));
        default -> {
          if (value != null) {
            name = arg; // a flag takes no value, so that the message shows all of it
          }
          flag(name);
        }
      }
    }

    private void flag(String name) throws BadInput {
      switch (name) {
        case "--external" -> external = true;
        case "--no-external" -> external = false;
        case "--tree" -> tree = true;
        case "--debug" -> debug = true;
        case "--help", "-h" -> help = true;
        default ->
            throw new BadInput("Option '%s' is unknown. --help lists the options.".formatted(name));
      }
    }

    private String value(String option, @Nullable String attached) throws BadInput {
      if (attached != null) {
        return attached;
      }
      if (!args.hasNext()) {
        throw new BadInput(
            "Option '%s' needs a value. --help explains the options.".formatted(option));
      }
      return args.next();
    }

    private static Path file(String option, String text) throws BadInput {
      try {
        if (!text.isBlank()) {
          return Path.of(text);
        }
      } catch (InvalidPathException _) {
        // The message below says it all.
      }
      throw new BadInput("'%s' is no file. Give %s the name of one.".formatted(text, option));
    }

    /// Names may differ, as `a` and `./a` do, or lead through links.
    private static boolean areSame(Path one, Path other) {
      try {
        return (Files.exists(one) && Files.exists(other))
            ? Files.isSameFile(one, other)
            : place(one).equals(place(other));
      } catch (IOException _) {
        return false; // opening them tells what is wrong
      }
    }

    /// {@return where a file is or will be}
    private static Path place(Path file) throws IOException {
      Path whole = file.toAbsolutePath().normalize();
      Path folder = whole.getParent();
      return folder == null || !Files.exists(folder)
          ? whole
          : folder.toRealPath().resolve(whole.getFileName());
    }

    private static int requests(String text) throws BadInput {
      try {
        int n = Integer.parseInt(text);
        if (n >= 1 && n <= MAX_REQUESTS) {
          return n;
        }
      } catch (NumberFormatException _) {
        // The message below says it all.
      }
      throw new BadInput(
          "'%s' is no number of requests. Give --requests a number from 1 to %d."
              .formatted(text, MAX_REQUESTS));
    }

    private static Duration timeout(String text) throws BadInput {
      try {
        var seconds = new BigDecimal(text);
        // Compared first: the exponent of 1e999999999 would take its time.
        if (seconds.compareTo(new BigDecimal("0.001")) >= 0
            && seconds.compareTo(BigDecimal.valueOf(MAX_TIMEOUT)) <= 0) {
          return Duration.ofMillis(seconds.movePointRight(3).longValue());
        }
      } catch (NumberFormatException _) {
        // The message below says it all.
      }
      throw new BadInput(
          "'%s' is no timeout. Give --timeout seconds, such as 5 or 0.5, up to %d."
              .formatted(text, MAX_TIMEOUT));
    }
  }
}

package dev.greenhouse.examples.linkcheck;

import java.io.Serial;

/// The user asked for something that can't be done. The message is one sentence or two for people:
/// what is wrong, and what to do instead.
final class BadInput extends Exception {
  @Serial private static final long serialVersionUID = 1;

  BadInput(String message) {
    super(message);
  }
}

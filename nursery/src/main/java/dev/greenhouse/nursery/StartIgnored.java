package dev.greenhouse.nursery;

import org.jspecify.annotations.Nullable;

/// A status that nobody waits for.
record StartIgnored<T extends @Nullable Object>() implements StartStatus<T> {
  @Override
  public void started(T value) {}

  @Override
  public void started() {}
}

package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.spi.MDCAdapter;

/// The MDC of a back end that keeps it in thread-locals which nobody inherits; slf4j-simple has
/// none.
final class ThreadLocalMdc implements MDCAdapter, AutoCloseable {
  private final ThreadLocal<Map<String, String>> maps = ThreadLocal.withInitial(HashMap::new);
  private final MDCAdapter before;

  private ThreadLocalMdc() throws ReflectiveOperationException {
    // Whoever asks for a logger first sets the back end's.
    assertThat(LoggerFactory.getILoggerFactory()).isNotNull();
    before = MDC.getMDCAdapter();
    field().set(null, this);
  }

  /// Replaces the back end's MDC until it is closed.
  static ThreadLocalMdc install() throws ReflectiveOperationException {
    return new ThreadLocalMdc();
  }

  @Override
  public void close() throws ReflectiveOperationException {
    field().set(null, before);
  }

  private static Field field() throws ReflectiveOperationException {
    Field field = MDC.class.getDeclaredField("MDC_ADAPTER");
    field.setAccessible(true);
    return field;
  }

  @Override
  public void put(String key, @Nullable String value) {
    maps.get().put(key, value);
  }

  @Override
  public @Nullable String get(String key) {
    return maps.get().get(key);
  }

  @Override
  public void remove(String key) {
    maps.get().remove(key);
  }

  @Override
  public void clear() {
    maps.remove();
  }

  @Override
  public Map<String, String> getCopyOfContextMap() {
    return new HashMap<>(maps.get());
  }

  @Override
  public void setContextMap(Map<String, String> map) {
    maps.set(new HashMap<>(map));
  }

  @Override
  public void pushByKey(String key, String value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String popByKey(String key) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Deque<String> getCopyOfDequeByKey(String key) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void clearDequeByKey(String key) {
    throw new UnsupportedOperationException();
  }
}

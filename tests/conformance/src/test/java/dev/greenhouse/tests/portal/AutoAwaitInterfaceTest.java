package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.autoAwait;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.lang.reflect.UndeclaredThrowableException;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Synchronous views of asynchronous objects.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AutoAwaitInterfaceTest {
  private static <T> CompletableFuture<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }

  // ---- a client with a bit of everything

  public interface Shop extends AutoCloseable {
    String find(int id);

    String find(String name);

    String find(String name, int least);

    int count(String... names);

    long weight(String name) throws IOException;

    void order(String name) throws IOException;

    String label(); // not asynchronous at all

    CompletionStage<String> later(String name); // wants the stage

    default String findFirst(String... names) {
      return find(names[0]);
    }

    default String motto() {
      return "the view's";
    }

    @Override
    void close();

    static String type() {
      return "shop";
    }
  }

  /// Not public, and reachable because tests run on the class path.
  static class AsyncShop {
    final List<String> calls = new ArrayList<>();
    CompletableFuture<Long> weight = done(12L);
    CompletableFuture<Void> ordered = done(null);

    public CompletableFuture<String> find(int id) {
      calls.add("find " + id);
      return done("number " + id);
    }

    public CompletionStage<String> find(String name) {
      return done("name " + name);
    }

    public CompletionStage<String> find(String name, int least) {
      return done(name + " at least " + least);
    }

    public CompletionStage<Integer> count(String... names) {
      return done(names.length);
    }

    public CompletionStage<Long> weight(String name) {
      return weight;
    }

    public CompletionStage<Void> order(String name) {
      return ordered;
    }

    public String label() {
      return "label";
    }

    public CompletionStage<String> later(String name) {
      return done("later " + name);
    }

    public CompletionStage<String> motto() {
      return done("the client's");
    }

    public void close() {
      calls.add("close");
    }

    @Override
    public String toString() {
      return "AsyncShop";
    }
  }

  @OnEveryKind
  void overloadsDefaultsVarargsAndWhatIsNotAsynchronous(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var client = new AsyncShop();
          try (Shop shop = autoAwait(Shop.class, client)) {
            assertThat(shop.find(7)).isEqualTo("number 7");
            assertThat(shop.find("plum")).isEqualTo("name plum");
            assertThat(shop.find("plum", 3)).isEqualTo("plum at least 3");
            assertThat(shop.count()).isZero();
            assertThat(shop.count("a", "b")).isEqualTo(2);
            assertThat(shop.weight("plum")).isEqualTo(12);
            shop.order("plum");
            assertThat(shop.label()).isEqualTo("label");
            assertThat(shop.later("plum")).isCompletedWithValue("later plum");
            assertThat(shop.findFirst("pear", "plum")).isEqualTo("name pear");
            assertThat(shop.motto()).isEqualTo("the client's");
          }
          assertThat(client.calls).containsExactly("find 7", "close");
        });
  }

  @OnEveryKind
  void viewAwaitsAndIsCancelledAsAwaitIs(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var client = new AsyncShop();
          Shop shop = autoAwait(Shop.class, client);
          try (var nursery = Nursery.open()) {
            client.weight = InPortal.soon(nursery, 5L);
            assertThat(shop.weight("plum")).isEqualTo(5);
          }
          client.weight = new CompletableFuture<>();
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("enough"));
                          shop.weight("plum");
                        }
                      }))
              .isFalse();
          assertThat(client.weight).isCancelled();
        });
  }

  @OnEveryKind
  void withoutAPortalNothingIsStartedButTheRestWorks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var client = new AsyncShop();
          Shop shop = autoAwait(Shop.class, client);
          assertThatThrownBy(() -> shop.find(7)).isInstanceOf(NoPortalException.class);
          assertThat(client.calls).isEmpty();
          assertThat(shop.label()).isEqualTo("label");
        });
  }

  // ---- exceptions

  @OnEveryKind
  void exceptionsComeOutAsTheyAreIfTheInterfaceLetsThem(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var client = new AsyncShop();
          Shop shop = autoAwait(Shop.class, client);
          var declared = new IOException("declared");
          client.ordered = CompletableFuture.failedFuture(declared);
          assertThat(catchThrowable(() -> shop.order("plum"))).isSameAs(declared);
          assertThat(declared.getSuppressed()).hasAtLeastOneElementOfType(AwaitedHere.class);
          var unchecked = new IllegalArgumentException("unchecked");
          client.ordered = CompletableFuture.failedFuture(unchecked);
          assertThat(catchThrowable(() -> shop.order("plum"))).isSameAs(unchecked);
          var checked = new Exception("not declared");
          client.ordered = CompletableFuture.failedFuture(checked);
          assertThatThrownBy(() -> shop.order("plum"))
              .isInstanceOf(UndeclaredThrowableException.class)
              .hasMessageContaining("Shop.order(String) does not declare")
              .hasMessageContaining("not declared")
              .cause()
              .isSameAs(checked);
        });
  }

  public interface Throwing {
    String now() throws IOException;

    default String byDefault() throws IOException {
      throw new IOException("by default");
    }
  }

  public static final class ThrowingNow {
    private final Exception error = new IOException("at once");

    public String now() throws Exception {
      if (error != null) {
        throw error;
      }
      return "now";
    }
  }

  @Test
  void whatIsCalledDirectlyThrowsWhatItThrows() {
    Throwing view = autoAwait(Throwing.class, new ThrowingNow());
    assertThatThrownBy(view::now).isInstanceOf(IOException.class).hasMessage("at once");
    assertThatThrownBy(view::byDefault).isInstanceOf(IOException.class).hasMessage("by default");
  }

  @OnEveryKind
  void nullForAPrimitiveNamesTheMethod(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var client = new AsyncShop();
          client.weight = done(null);
          Shop shop = autoAwait(Shop.class, client);
          assertThatThrownBy(() -> shop.weight("plum"))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("Shop.weight(String) returns long, but the operation gave null")
              .hasMessageContaining("Return Long");
        });
  }

  // ---- generics

  interface Store<K, V> {
    V get(K key);

    List<V> all(List<? extends K> keys);
  }

  interface AsyncStore<K, V> {
    CompletionStage<V> get(K key);

    CompletionStage<List<V>> all(List<? extends K> keys);
  }

  interface Names extends Store<Integer, String> {}

  /// Has bridges for what it declares again.
  interface DeclaredNames extends Store<Integer, String> {
    @Override
    String get(Integer key);
  }

  interface PlainNames {
    String get(Integer key);
  }

  /// Knows nothing of its types.
  private static final class AsyncMap<K, V> implements AsyncStore<K, V> {
    final Map<K, V> map = new HashMap<>();

    @Override
    public CompletionStage<V> get(K key) {
      return done(map.get(key));
    }

    @Override
    public CompletionStage<List<V>> all(List<? extends K> keys) {
      return done(keys.stream().map(map::get).toList());
    }
  }

  /// Has bridges.
  private static final class AsyncNames implements AsyncStore<Integer, String> {
    @Override
    public CompletableFuture<String> get(Integer key) {
      return done("name " + key);
    }

    @Override
    public CompletableFuture<List<String>> all(List<? extends Integer> keys) {
      return done(keys.stream().map(k -> "name " + k).toList());
    }
  }

  /// Implements nothing, and its parameter is not erased to `Object`.
  static final class LooseNames {
    public CompletionStage<String> get(Integer key) {
      return done("name " + key);
    }

    public CompletionStage<List<String>> all(List<Integer> keys) {
      return done(keys.stream().map(k -> "name " + k).toList());
    }
  }

  @OnEveryKind
  void typeVariablesStandForWhatTheyMean(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var map = new AsyncMap<Integer, String>();
          map.map.put(1, "name 1");
          for (Object client : List.of(map, new AsyncNames(), new LooseNames())) {
            assertThat(autoAwait(Names.class, client).get(1)).isEqualTo("name 1");
            assertThat(autoAwait(Names.class, client).all(List.of(1))).containsExactly("name 1");
            DeclaredNames declared = autoAwait(DeclaredNames.class, client);
            assertThat(declared.get(1)).isEqualTo("name 1");
            assertThat(throughSuperType(declared)).isEqualTo("name 1"); // by the bridge
            assertThat(autoAwait(PlainNames.class, client).get(1)).isEqualTo("name 1");
          }
          @SuppressWarnings("unchecked")
          Store<Integer, String> raw = autoAwait(Store.class, new AsyncNames());
          assertThat(raw.get(1)).isEqualTo("name 1");
        });
  }

  private static <V> V throughSuperType(Store<Integer, V> store) {
    return store.get(1);
  }

  interface Operation<F> {
    F start(String argument);
  }

  interface Lengths {
    int start(String argument);
  }

  @OnEveryKind
  void stageMayBeATypeArgument(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var client =
              new Operation<CompletableFuture<Integer>>() {
                @Override
                public CompletableFuture<Integer> start(String argument) {
                  return done(argument.length());
                }
              };
          assertThat(autoAwait(Lengths.class, client).start("seven")).isEqualTo(5);
        });
  }

  interface Wide {
    CompletionStage<String> of(CharSequence text);

    CompletionStage<String> of(Object any);
  }

  interface Narrow {
    String of(String text);
  }

  @OnEveryKind
  void mostSpecificOfThoseThatTakeTheArgumentsIsCalled(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          Wide wide =
              new Wide() {
                @Override
                public CompletionStage<String> of(CharSequence text) {
                  return done("text");
                }

                @Override
                public CompletionStage<String> of(Object any) {
                  return done("any");
                }
              };
          assertThat(autoAwait(Narrow.class, wide).of("x")).isEqualTo("text");
        });
  }

  @OnEveryKind
  void lambdasAndHiddenClassesOfTheJdkAreReachedByTheirPublicTypes(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          AsyncPlainNames lambda = key -> done("lambda " + key);
          assertThat(autoAwait(PlainNames.class, lambda).get(1)).isEqualTo("lambda 1");
          Supplier<CompletionStage<String>> supplier = () -> done("lambda");
          // All that is known of what it gives is that it is an object.
          assertThat(autoAwait(Supplier.class, supplier).get()).isInstanceOf(CompletionStage.class);
          try (var client = HttpClient.newHttpClient()) {
            assertThat(autoAwait(Versioned.class, client).version())
                .isEqualTo(HttpClient.Version.HTTP_2);
          }
        });
  }

  interface AsyncPlainNames {
    CompletionStage<String> get(Integer key);
  }

  public interface Versioned {
    HttpClient.Version version();
  }

  // ---- what every object can do

  @Test
  void viewsOfTheSameObjectAreEqual() {
    var client = new AsyncShop();
    Shop shop = autoAwait(Shop.class, client);
    Shop same = autoAwait(Shop.class, client);
    assertThat(shop)
        .isEqualTo(same)
        .hasSameHashCodeAs(same)
        .isNotEqualTo(client)
        .isNotEqualTo(null)
        .isNotEqualTo(autoAwait(Shop.class, new AsyncShop()))
        .hasToString("Shop that awaits AsyncShop");
    assertThat((Object) shop).isNotEqualTo(autoAwait(Labelled.class, client));
  }

  public interface Labelled {
    String label();
  }

  @Test
  void interfaceMayDeclareEqualsAgain() {
    Comparator<Integer> view =
        integers(autoAwait(Comparator.class, Comparator.<Integer>reverseOrder()));
    assertThat(view.compare(1, 2)).isPositive();
    assertThat(view)
        .isEqualTo(autoAwait(Comparator.class, Comparator.<Integer>reverseOrder())); // one object
  }

  @SuppressWarnings("unchecked")
  private static Comparator<Integer> integers(Comparator<?> comparator) {
    return (Comparator<Integer>) comparator;
  }

  // ---- refused when it is made

  private static void refused(Class<?> type, Object client, String... fragments) {
    assertThatThrownBy(() -> autoAwait(type, client))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(Arrays.asList(fragments));
  }

  sealed interface Closed permits OnlyOne {}

  record OnlyOne() implements Closed {}

  @Test
  void whatIsNoInterfaceAndNulls() {
    refused(String.class, "client", "java.lang.String is no interface");
    refused(Closed.class, "client", "Closed is sealed");
    assertThatThrownBy(() -> autoAwait((Class<Shop>) null, "client"))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("type");
    assertThatThrownBy(() -> autoAwait(Shop.class, null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("impl");
  }

  interface Missing {
    String find(long id);
  }

  interface Gone {
    String lost();
  }

  interface WrongValue {
    String weight(String name);
  }

  interface WrongResult {
    int label();
  }

  interface FromVoid {
    String close();
  }

  @Test
  void methodsWithoutACounterpart() {
    refused(
        Missing.class,
        new AsyncShop(),
        "Missing.find(long) has no counterpart",
        "looked for a public method find(long) in " + AsyncShop.class.getName(),
        "that returns a CompletionStage or String",
        "CompletableFuture AsyncShop.find(int)",
        "CompletionStage AsyncShop.find(String)",
        "a default method");
    refused(Gone.class, new AsyncShop(), "found no public method 'lost'");
  }

  @Test
  void counterpartsOfOtherTypes() {
    refused(
        WrongValue.class,
        new AsyncShop(),
        "WrongValue.weight(String) returns String, but its counterpart AsyncShop.weight(String)",
        "gives a stage of Long");
    refused(WrongResult.class, new AsyncShop(), "WrongResult.label() returns int", "gives String");
    refused(FromVoid.class, new AsyncShop(), "FromVoid.close() returns String", "gives void");
  }

  public static final class TwoWays {
    public CompletionStage<String> of(CharSequence text) {
      return done("text");
    }

    public CompletionStage<String> of(Comparable<String> comparable) {
      return done("comparable");
    }
  }

  @Test
  void severalCounterpartsOfWhichNoneFitsBetter() {
    refused(
        Narrow.class,
        new TwoWays(),
        "Narrow.of(String) has several counterparts",
        "TwoWays.of(CharSequence)",
        "TwoWays.of(Comparable)");
  }

  interface HiddenDefault {
    default String greeting() {
      return "hello";
    }
  }

  @Test
  void defaultMethodsThatCanNotBeCalled() {
    refused(
        HiddenDefault.class, "client", "HiddenDefault.greeting() is a default method", "public");
  }

  interface Counting {
    long threadCount();
  }

  @Test
  void counterpartsInHiddenClasses() {
    try (var hidden = Executors.newVirtualThreadPerTaskExecutor()) {
      refused(
          Counting.class,
          hidden,
          "The counterpart of Counting.threadCount(), ThreadPerTaskExecutor.threadCount()",
          "module 'java.base' does not open package 'java.util.concurrent'",
          "public interface of an exported package");
    }
  }
}

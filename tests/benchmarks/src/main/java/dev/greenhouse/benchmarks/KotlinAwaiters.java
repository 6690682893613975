package dev.greenhouse.benchmarks;

import java.util.concurrent.CompletableFuture;
import kotlin.ResultKt;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlin.coroutines.intrinsics.IntrinsicsKt;
import kotlin.coroutines.jvm.internal.SuspendLambda;
import kotlin.jvm.functions.Function2;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.CoroutineScope;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.YieldKt;
import kotlinx.coroutines.future.FutureKt;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.Blackhole;

/// What [Awaiters] does, by Kotlin's coroutines in `runBlocking`: Kotlin's `await` of a
/// `CompletionStage`, and its `yield`.
///
/// The coroutines really suspend, so they are written as Kotlin's compiler writes them: an object
/// that is its own continuation, whose local variables are fields, and that is entered again where
/// it left off.
final class KotlinAwaiters {
  private static final Object SUSPENDED = IntrinsicsKt.getCOROUTINE_SUSPENDED();

  /// The stage that each of them waits for. All on one thread.
  private final @Nullable CompletableFuture<String>[] stages;

  private final int rounds;
  private final Blackhole sink;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  KotlinAwaiters(int count, int rounds, Blackhole sink) {
    this.stages = new CompletableFuture[count];
    this.rounds = rounds;
    this.sink = sink;
  }

  void run() throws InterruptedException {
    CoroutineContext context = EmptyCoroutineContext.INSTANCE;
    BuildersKt.<Object>runBlocking(
        context,
        (scope, continuation) -> {
          for (int i = 0; i < stages.length; i++) {
            BuildersKt.launch(scope, context, CoroutineStart.DEFAULT, new Awaiting(i, null));
          }
          BuildersKt.launch(scope, context, CoroutineStart.DEFAULT, new Completing(null));
          return Unit.INSTANCE; // runBlocking waits for those that were launched
        });
  }

  /// A suspending lambda, as the compiler makes it.
  @SuppressWarnings("serial")
  private abstract static class Coroutine extends SuspendLambda
      implements Function2<CoroutineScope, Continuation<? super Unit>, Object> {
    Coroutine(@Nullable Continuation<?> completion) {
      super(2, cast(completion));
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // the prototype has none
    private static Continuation<Object> cast(@Nullable Continuation<?> completion) {
      return (Continuation<Object>) completion;
    }

    @Override
    public Object invoke(CoroutineScope scope, Continuation<? super Unit> completion) {
      return fresh(completion).enter(Unit.INSTANCE);
    }

    @Override
    public final Continuation<Unit> create(@Nullable Object value, Continuation<?> completion) {
      return asUnit(fresh(completion));
    }

    @Override
    public final @Nullable Object invokeSuspend(Object result) {
      ResultKt.throwOnFailure(result);
      return enter(result);
    }

    /// {@return one like this that has not begun}
    abstract Coroutine fresh(Continuation<?> completion);

    /// Runs from where it left off, with what it waited for.
    abstract Object enter(Object result);
  }

  @SuppressWarnings("serial")
  private final class Awaiting extends Coroutine {
    private final int me;
    private int round;
    private boolean waited;

    Awaiting(int me, @Nullable Continuation<?> completion) {
      super(completion);
      this.me = me;
    }

    @Override
    Coroutine fresh(Continuation<?> completion) {
      return new Awaiting(me, completion);
    }

    @Override
    Object enter(Object result) {
      Object value = result;
      while (true) {
        if (waited) {
          sink.consume(value);
        }
        if (round++ == rounds) {
          return Unit.INSTANCE;
        }
        var stage = new CompletableFuture<String>();
        stages[me] = stage;
        waited = true;
        value = FutureKt.await(stage, asString(this));
        if (value == SUSPENDED) {
          return value;
        }
      }
    }
  }

  @SuppressWarnings("serial")
  private final class Completing extends Coroutine {
    private int round;
    private int next;

    Completing(@Nullable Continuation<?> completion) {
      super(completion);
    }

    @Override
    Coroutine fresh(Continuation<?> completion) {
      return new Completing(completion);
    }

    @Override
    Object enter(Object result) {
      while (round < rounds) {
        CompletableFuture<String> stage;
        while (next < stages.length && (stage = stages[next]) != null) {
          stages[next++] = null;
          stage.complete(Awaiters.VALUE);
        }
        if (next == stages.length) {
          next = 0;
          round++;
        }
        if (YieldKt.yield(asUnit(this)) == SUSPENDED) {
          return SUSPENDED;
        }
      }
      return Unit.INSTANCE;
    }
  }

  @SuppressWarnings("unchecked") // a continuation takes what it is resumed with
  private static Continuation<Unit> asUnit(Continuation<?> continuation) {
    return (Continuation<Unit>) continuation;
  }

  @SuppressWarnings("unchecked")
  private static Continuation<String> asString(Continuation<?> continuation) {
    return (Continuation<String>) continuation;
  }
}

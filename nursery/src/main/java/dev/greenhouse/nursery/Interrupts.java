package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Which exceptions tell of a cancellation, in a task that is cancelled.
final class Interrupts {
  /// Cause chains can be circles.
  private static final int MAX_DEPTH = 32;

  private static final AtomicReference<List<Predicate<? super Throwable>>> SIGNS =
      new AtomicReference<>(List.of());

  private Interrupts() {}

  /// {@return whether the exception, or what it was caused by, is a [Cancelled] or comes from an
  /// interrupt, and carries nothing that is a failure: what closing a resource threw on the way out
  /// must not be lost}
  static boolean isCancellation(Throwable error) {
    boolean alone = error.getCause() == null && error.getSuppressed().length == 0;
    return alone
        ? !isFailure(error) && isSign(error)
        : isCancellation(error, Set.of(), identitySet());
  }

  /// Whatever leads back to what is being judged is a part of that. Everything that is suppressed
  /// must be a cancellation, so each is judged once, however many carry it.
  private static boolean isCancellation(
      Throwable error, Set<Throwable> judged, Set<Throwable> carried) {
    Set<Throwable> chain = identitySet();
    chain.addAll(judged);
    boolean found = false;
    @Nullable Throwable t = error;
    while (t != null && chain.size() < MAX_DEPTH) {
      if (!chain.add(t)) {
        return found || judged.contains(t);
      }
      if (isFailure(t)) {
        return false;
      }
      for (Throwable suppressed : t.getSuppressed()) {
        if (!isNeutral(suppressed, t)
            && carried.add(suppressed)
            && !isCancellation(suppressed, chain, carried)) {
          return false;
        }
      }
      found |= isSign(t);
      t = t.getCause();
    }
    return found;
  }

  private static Set<Throwable> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /// What stays a failure, even if an interrupt is somewhere behind it.
  private static boolean isFailure(Throwable t) {
    return t instanceof NurseryFailedException
        || t instanceof TaskFailedException
        || t instanceof TimeoutException;
  }

  /// What says nothing when it is suppressed: the other side's stack, and that a channel was closed
  /// by the interrupt when somebody wanted to flush it.
  private static boolean isNeutral(Throwable suppressed, Throwable in) {
    return suppressed instanceof AwaitedHere
        || (suppressed instanceof ClosedChannelException
            && in instanceof ClosedByInterruptException);
  }

  private static boolean isSign(Throwable t) {
    return t instanceof Cancelled
        || t instanceof InterruptedException
        || t instanceof ClosedByInterruptException
        || isInterruptedIo(t)
        || isRegisteredSign(t);
  }

  private static boolean isRegisteredSign(Throwable t) {
    for (Predicate<? super Throwable> sign : SIGNS.get()) {
      try {
        if (sign.test(t)) {
          return true;
        }
      } catch (Throwable broken) {
        Reports.error("A sign of cancellation threw, and was taken for no: " + sign, broken);
      }
    }
    return false;
  }

  static void addSign(Predicate<? super Throwable> sign) {
    SIGNS.updateAndGet(
        old -> {
          var all = new ArrayList<>(old);
          all.add(sign);
          return List.copyOf(all);
        });
  }

  static void removeSign(Predicate<? super Throwable> sign) {
    SIGNS.updateAndGet(
        old -> {
          var all = new ArrayList<>(old);
          all.remove(sign);
          return List.copyOf(all);
        });
  }

  private static boolean isInterruptedIo(Throwable t) {
    if (t instanceof InterruptedIOException) {
      return !(t instanceof SocketTimeoutException);
    }
    return t instanceof SocketException && "Closed by interrupt".equals(t.getMessage());
  }
}

package dev.greenhouse.nursery.jdk;

import java.io.IOException;
import java.io.InputStream;
import java.lang.StackWalker.StackFrame;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Tells whether a try-with-resources statement closes its resource because its body threw.
///
/// Java does not tell `close()`, but the place it is called from does. javac calls it twice: behind
/// the body, and in the handler for what the body throws. Only the latter call is itself guarded,
/// by a handler that attaches what `close()` throws with `addSuppressed`. So: take the caller's
/// byte code index, look into its method's exception table, and see whether such a handler covers
/// the call.
public final class CallSites {
  private record Site(String method, String descriptor, int index) {}

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private static final int HANDLER_LENGTH = 6;

  private static final ClassValue<Map<Site, Boolean>> KNOWN =
      new ClassValue<>() {
        @Override
        protected Map<Site, Boolean> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  private CallSites() {}

  /// {@return whether the innermost caller outside of `inside` calls from the exceptional path of a
  /// try-with-resources; false if that can't be told (another compiler, no class bytes)}
  ///
  /// @param inside the classes whose frames are passed over
  public static boolean isClosedByException(Predicate<Class<?>> inside) {
    @Nullable StackFrame caller =
        WALKER.walk(
            frames ->
                frames
                    .filter(f -> f.getDeclaringClass() != CallSites.class)
                    .filter(f -> !inside.test(f.getDeclaringClass()))
                    .findFirst()
                    .orElse(null));
    if (caller == null || caller.getByteCodeIndex() < 0) {
      return false;
    }
    var site = new Site(caller.getMethodName(), caller.getDescriptor(), caller.getByteCodeIndex());
    Class<?> type = caller.getDeclaringClass();
    return KNOWN.get(type).computeIfAbsent(site, s -> analyse(type, s));
  }

  private static boolean analyse(Class<?> type, Site site) {
    try {
      byte[] bytes = bytes(type);
      return bytes != null
          && ClassFile.of().parse(bytes).methods().stream()
              .filter(m -> m.methodName().equalsString(site.method))
              .filter(m -> m.methodType().equalsString(site.descriptor))
              .anyMatch(m -> isGuardedByAddSuppressed(m, site.index));
    } catch (IOException | RuntimeException unreadable) {
      // Not javac's work, or not in its original form: the caller waits on, as documented.
      return false;
    }
  }

  private static byte @Nullable [] bytes(Class<?> type) throws IOException {
    String name = type.getName();
    try (InputStream in =
        type.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
      return in == null ? null : in.readAllBytes();
    }
  }

  private static boolean isGuardedByAddSuppressed(MethodModel method, int index) {
    if (!(method.code().orElse(null) instanceof CodeAttribute code)) {
      return false;
    }
    for (ExceptionCatch guard : code.exceptionHandlers()) {
      int start = code.labelToBci(guard.tryStart());
      int end = code.labelToBci(guard.tryEnd());
      if (start <= index
          && index < end
          && attachesAndRethrows(from(code, code.labelToBci(guard.handler())))
          && callsIn(code, start, end) == 1) {
        return true;
      }
    }
    return false;
  }

  /// Whether a handler is: store what was caught, load the primary exception and what was caught,
  /// call `addSuppressed`, load the primary exception, throw. A catch clause written by hand may
  /// begin alike, but then it guards more than one call.
  private static boolean attachesAndRethrows(List<Instruction> handler) {
    return handler.size() == HANDLER_LENGTH
        && handler.get(0) instanceof StoreInstruction caught
        && handler.get(1) instanceof LoadInstruction primary
        && handler.get(2) instanceof LoadInstruction suppressed
        && handler.get(3) instanceof InvokeInstruction call
        && handler.get(4) instanceof LoadInstruction thrown
        && handler.get(5) instanceof ThrowInstruction
        && suppressed.slot() == caught.slot()
        && thrown.slot() == primary.slot()
        && call.name().equalsString("addSuppressed")
        && call.owner().asInternalName().equals("java/lang/Throwable");
  }

  private static List<Instruction> from(CodeAttribute code, int handler) {
    var found = new ArrayList<Instruction>(HANDLER_LENGTH);
    int bci = 0;
    for (CodeElement element : code) {
      if (element instanceof Instruction instruction) {
        if (bci >= handler && found.size() < HANDLER_LENGTH) {
          found.add(instruction);
        }
        bci += instruction.sizeInBytes();
      }
    }
    return found;
  }

  private static int callsIn(CodeAttribute code, int start, int end) {
    int calls = 0;
    int bci = 0;
    for (CodeElement element : code) {
      if (element instanceof Instruction instruction) {
        if (bci >= start && bci < end && instruction instanceof InvokeInstruction) {
          calls++;
        }
        bci += instruction.sizeInBytes();
      }
    }
    return calls;
  }
}

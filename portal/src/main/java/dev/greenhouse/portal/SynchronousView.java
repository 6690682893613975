package dev.greenhouse.portal;

import dev.greenhouse.portal.Counterparts.Counterpart;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// An asynchronous object behind a synchronous interface. What each method does is decided when the
/// view is made.
final class SynchronousView implements InvocationHandler {
  /// What a method does.
  @FunctionalInterface
  private interface Call {
    @Nullable Object on(Object view, @Nullable Object @Nullable [] arguments) throws Throwable;
  }

  private final Class<?> type;
  private final Object object;
  private final TypeVariables variables;
  private final Counterparts counterparts;
  private final Map<Method, Call> calls = new HashMap<>(); // never changed after the constructor

  private SynchronousView(Class<?> type, Object object) {
    this.type = type;
    this.object = object;
    this.variables = TypeVariables.in(type);
    this.counterparts = new Counterparts(object);
    for (Method method : type.getMethods()) {
      if (!Modifier.isStatic(method.getModifiers())) {
        calls.put(method, callOf(method));
      }
    }
    for (Method method : Object.class.getMethods()) {
      switch (method.getName()) {
        case "equals" -> calls.put(method, (view, arguments) -> isSameAs(first(arguments)));
        case "hashCode" -> calls.put(method, (view, none) -> System.identityHashCode(object));
        case "toString" ->
            calls.put(method, (view, none) -> type.getSimpleName() + " that awaits " + object);
        default -> {} // a proxy does not hand the others on
      }
    }
  }

  static <I> I of(Class<I> type, Object object) {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(object, "impl");
    if (!type.isInterface() || type.isSealed() || type.isHidden()) {
      throw new IllegalArgumentException(
          "%s is %s, and a synchronous view needs an interface that others may implement. Declare one with the methods that you call."
              .formatted(
                  type.getName(),
                  !type.isInterface() ? "no interface" : type.isSealed() ? "sealed" : "hidden"));
    }
    var view = new SynchronousView(type, object);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, view));
  }

  @Override
  public @Nullable Object invoke(
      Object view, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    return Objects.requireNonNull(calls.get(method)).on(view, arguments);
  }

  // ---- what a method does

  private Call callOf(Method method) {
    Counterpart found = counterparts.find(method, parametersOf(method));
    if (found != null) {
      return callOf(method, found);
    }
    if (!method.isDefault()) {
      throw new IllegalArgumentException(
          "%s has no counterpart: looked for a public method %s in %s that returns a CompletionStage or %s; found %s. Add it there, or make %s a default method."
              .formatted(
                  Counterparts.text(method),
                  signature(method),
                  counterparts.className(),
                  method.getReturnType().getSimpleName(),
                  counterparts.textsOf(method.getName()),
                  Counterparts.text(method)));
    }
    if (!Counterparts.isOpen(method.getDeclaringClass())) {
      throw new IllegalArgumentException(
          "%s is a default method without a counterpart in %s, and %s is not public or not exported, so its default methods can't be called from here. Make it public and export its package."
              .formatted(
                  Counterparts.text(method),
                  counterparts.className(),
                  method.getDeclaringClass().getName()));
    }
    return (view, arguments) -> InvocationHandler.invokeDefault(view, method, arguments);
  }

  private Call callOf(Method method, Counterpart found) {
    Class<?> returns = variables.returnOf(method);
    boolean awaited =
        CompletionStage.class.isAssignableFrom(found.returns())
            && !CompletionStage.class.isAssignableFrom(returns);
    requireFitting(method, returns, found, awaited ? found.stageValue() : found.returns());
    MethodHandle handle = found.handle();
    Call plain =
        awaited
            ? (view, arguments) -> await(handle, arguments)
            : (view, arguments) -> (Object) handle.invokeExact(arguments);
    return (view, arguments) -> result(method, plain, view, arguments);
  }

  private static @Nullable Object await(
      MethodHandle handle, @Nullable Object @Nullable [] arguments) {
    return Portal.<@Nullable Object>await(() -> AutoAwait.widened(start(handle, arguments)));
  }

  private static CompletionStage<?> start(
      MethodHandle handle, @Nullable Object @Nullable [] arguments) {
    try {
      return (CompletionStage<?>) (Object) handle.invokeExact(arguments);
    } catch (Throwable t) {
      throw StageAwait.rethrow(t);
    }
  }

  private static @Nullable Object result(
      Method method, Call call, Object view, @Nullable Object @Nullable [] arguments)
      throws Throwable {
    @Nullable Object value;
    try {
      value = call.on(view, arguments);
    } catch (RuntimeException | Error unchecked) {
      throw unchecked;
    } catch (Throwable checked) {
      throw declared(method, checked);
    }
    Class<?> returns = method.getReturnType();
    if (value == null && returns.isPrimitive() && returns != void.class) {
      throw new NullPointerException(
          "%s returns %s, but the operation gave null. Return %s, or complete the operation with a value."
              .formatted(
                  Counterparts.text(method),
                  returns,
                  MethodType.methodType(returns).wrap().returnType().getSimpleName()));
    }
    return value;
  }

  private static Throwable declared(Method method, Throwable checked) {
    for (Class<?> each : method.getExceptionTypes()) {
      if (each.isInstance(checked)) {
        return checked;
      }
    }
    return new UndeclaredThrowableException(
        checked,
        "%s does not declare the checked exception with which the operation failed, %s. Declare it, so that it comes out as it is."
            .formatted(Counterparts.text(method), checked));
  }

  private void requireFitting(Method method, Class<?> wanted, Counterpart found, Class<?> given) {
    if (wanted == void.class || (given != void.class && isCastable(wanted, given))) {
      return;
    }
    boolean stage = given != found.returns();
    throw new IllegalArgumentException(
        "%s returns %s, but its counterpart %s in %s gives %s%s. Give both the same type."
            .formatted(
                Counterparts.text(method),
                wanted.getSimpleName(),
                Counterparts.text(found.method()),
                counterparts.className(),
                stage ? "a stage of " : "",
                given.getSimpleName()));
  }

  private static boolean isCastable(Class<?> to, Class<?> from) {
    Class<?> a = MethodType.methodType(to).wrap().returnType();
    Class<?> b = MethodType.methodType(from).wrap().returnType();
    return a.isAssignableFrom(b)
        || b.isAssignableFrom(a)
        || (a.isInterface() && !Modifier.isFinal(b.getModifiers()))
        || (b.isInterface() && !Modifier.isFinal(a.getModifiers()));
  }

  /// A bridge has forgotten the types of the method that it overrides.
  private Class<?>[] parametersOf(Method method) {
    return variables.parametersOf(method.isBridge() ? overriddenBy(method) : method);
  }

  private Method overriddenBy(Method bridge) {
    return Arrays.stream(bridge.getDeclaringClass().getInterfaces())
        .flatMap(each -> Arrays.stream(each.getMethods()))
        .filter(m -> !m.isBridge() && m.getName().equals(bridge.getName()))
        .filter(m -> Arrays.equals(m.getParameterTypes(), bridge.getParameterTypes()))
        .findFirst()
        .orElse(bridge);
  }

  private String signature(Method method) {
    return method.getName()
        + Arrays.toString(Arrays.stream(parametersOf(method)).map(Class::getSimpleName).toArray())
            .replace('[', '(')
            .replace(']', ')');
  }

  // ---- what every object can do

  private boolean isSameAs(@Nullable Object other) {
    return other != null
        && Proxy.isProxyClass(other.getClass())
        && Proxy.getInvocationHandler(other) instanceof SynchronousView view
        && view.type == type
        && view.object == object;
  }

  private static @Nullable Object first(@Nullable Object @Nullable [] arguments) {
    return Objects.requireNonNull(arguments)[0];
  }
}

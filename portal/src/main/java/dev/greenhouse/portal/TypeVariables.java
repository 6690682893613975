package dev.greenhouse.portal;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// What the type variables of a type's super-types stand for in that type: in `UserStore extends
/// Store<Integer, User>`, `Store.get(K)` takes an `Integer`.
final class TypeVariables {
  private static final TypeVariable<?> OF_STAGE = CompletionStage.class.getTypeParameters()[0];

  private final Map<TypeVariable<?>, Type> meanings = new HashMap<>();

  static TypeVariables in(Class<?> type) {
    var variables = new TypeVariables();
    variables.collect(type);
    return variables;
  }

  private void collect(@Nullable Type type) {
    if (type == null) {
      return;
    }
    Class<?> raw = erased(type);
    if (type instanceof ParameterizedType parameterized) {
      bind(raw.getTypeParameters(), parameterized.getActualTypeArguments());
    }
    collect(raw.getGenericSuperclass());
    for (Type each : raw.getGenericInterfaces()) {
      collect(each);
    }
  }

  private void bind(TypeVariable<?>[] parameters, Type[] arguments) {
    for (int i = 0; i < parameters.length; i++) {
      meanings.putIfAbsent(parameters[i], arguments[i]);
    }
  }

  /// {@return the parameters that a method takes in this type}
  Class<?>[] parametersOf(Method method) {
    return Arrays.stream(method.getGenericParameterTypes())
        .map(this::erased)
        .toArray(Class<?>[]::new);
  }

  /// {@return what a method returns in this type}
  Class<?> returnOf(Method method) {
    return erased(method.getGenericReturnType());
  }

  /// {@return the type of the value of the stage that a method returns, `Object` if that is
  /// unknown}
  Class<?> stageValueOf(Method method) {
    Type stage = method.getGenericReturnType();
    while (stage instanceof TypeVariable<?> variable && meanings.containsKey(variable)) {
      stage = Objects.requireNonNull(meanings.get(variable));
    }
    var inStage = new TypeVariables();
    if (stage instanceof ParameterizedType parameterized) {
      // Erased in here: in there the same variables may mean something else.
      Type[] arguments = parameterized.getActualTypeArguments();
      inStage.bind(
          erased(stage).getTypeParameters(),
          Arrays.stream(arguments).map(this::erased).toArray(Type[]::new));
    }
    inStage.collect(erased(stage));
    return inStage.erased(OF_STAGE);
  }

  private Class<?> erased(Type type) {
    return switch (type) {
      case Class<?> c -> c;
      case ParameterizedType p -> erased(p.getRawType());
      case GenericArrayType a -> erased(a.getGenericComponentType()).arrayType();
      case WildcardType w -> erased(w.getUpperBounds()[0]);
      case TypeVariable<?> v ->
          erased(Objects.requireNonNull(meanings.getOrDefault(v, v.getBounds()[0])));
      default -> throw new AssertionError("a kind of type unknown to Java 25: " + type);
    };
  }
}

package dev.greenhouse.portal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The methods of an object that can stand behind those of an interface: public ones of the same
/// name, chosen by their parameters as javac chooses, but without boxing.
///
/// The object's class may be hidden: then a method is found in a super-type that is not.
final class Counterparts {
  /// A method that was found.
  ///
  /// @param method the method
  /// @param handle it, bound to the object, from an array of arguments to an object
  /// @param returns what it returns in the object's class
  /// @param stageValue the type of the value of the stage that it returns, if it returns one
  record Counterpart(Method method, MethodHandle handle, Class<?> returns, Class<?> stageValue) {}

  private final Object object;
  private final TypeVariables variables;
  private final List<Method> methods = new ArrayList<>(); // most derived first

  Counterparts(Object object) {
    this.object = object;
    this.variables = TypeVariables.in(object.getClass());
    for (Class<?> type : typesOf(object.getClass())) {
      for (Method method : type.getDeclaredMethods()) {
        int modifiers = method.getModifiers();
        if (Modifier.isPublic(modifiers) && !Modifier.isStatic(modifiers)) {
          methods.add(method);
        }
      }
    }
  }

  /// Classes from the most derived one on, then interfaces, from near to far.
  private static Set<Class<?>> typesOf(Class<?> type) {
    var types = new LinkedHashSet<Class<?>>();
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      types.add(c);
    }
    for (Class<?> each : List.copyOf(types)) {
      addInterfaces(each, types);
    }
    return types;
  }

  private static void addInterfaces(Class<?> type, Set<Class<?>> types) {
    for (Class<?> each : type.getInterfaces()) {
      types.add(each);
      addInterfaces(each, types);
    }
  }

  /// Finds the method for a call.
  ///
  /// @param wanted the method that will be called
  /// @param parameters its parameters, where type variables are known
  /// @return what to call; null if there is none
  /// @throws IllegalArgumentException if there is one, but not for us, or several
  @Nullable Counterpart find(Method wanted, Class<?>[] parameters) {
    var named = methods.stream().filter(m -> m.getName().equals(wanted.getName())).toList();
    List<Method> fitting =
        named.stream().filter(m -> isSame(m, wanted.getParameterTypes(), parameters)).toList();
    if (fitting.isEmpty()) {
      fitting = mostSpecific(named.stream().filter(m -> takes(m, parameters)).toList(), wanted);
    }
    return fitting.isEmpty() ? null : reachable(fitting, wanted);
  }

  private boolean isSame(Method method, Class<?>[] erased, Class<?>[] known) {
    return Arrays.equals(method.getParameterTypes(), erased)
        || Arrays.equals(variables.parametersOf(method), known);
  }

  private static boolean takes(Method method, Class<?>[] arguments) {
    Class<?>[] parameters = method.getParameterTypes();
    boolean takes = parameters.length == arguments.length;
    for (int i = 0; takes && i < arguments.length; i++) {
      takes = parameters[i].isAssignableFrom(arguments[i]);
    }
    return takes;
  }

  private List<Method> mostSpecific(List<Method> fitting, Method wanted) {
    for (Method each : fitting) {
      Class<?>[] parameters = each.getParameterTypes();
      if (fitting.stream().allMatch(other -> takes(other, parameters))) {
        return fitting.stream()
            .filter(m -> Arrays.equals(m.getParameterTypes(), parameters))
            .toList();
      }
    }
    if (!fitting.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has several counterparts in %s, and none fits better than the others: %s. Give %s the parameter types of one of them."
              .formatted(text(wanted), className(), texts(fitting), text(wanted)));
    }
    return fitting;
  }

  /// They are one method, seen in several types; the bridges among them say less.
  private Counterpart reachable(List<Method> same, Method wanted) {
    for (boolean bridge : new boolean[] {false, true}) {
      for (Method method : same) {
        MethodHandle handle = method.isBridge() == bridge ? handleOf(method) : null;
        if (handle != null) {
          return new Counterpart(
              method, handle, variables.returnOf(method), variables.stageValueOf(method));
        }
      }
    }
    Class<?> hidden = same.getFirst().getDeclaringClass();
    throw new IllegalArgumentException(
        "The counterpart of %s, %s, is in %s, which is hidden: module '%s' does not open package '%s' to %s. Open it, or let the class implement a public interface of an exported package that has the method."
            .formatted(
                text(wanted),
                text(same.getFirst()),
                hidden.getName(),
                hidden.getModule().getName(),
                hidden.getPackageName(),
                Counterparts.class.getModule()));
  }

  private @Nullable MethodHandle handleOf(Method method) {
    try {
      MethodHandle plain;
      if (isOpen(method.getDeclaringClass())) {
        plain = MethodHandles.publicLookup().unreflect(method);
      } else if (method.trySetAccessible()) {
        plain = MethodHandles.lookup().unreflect(method);
      } else {
        return null;
      }
      MethodHandle bound = plain.bindTo(object); // of fixed arity, even if the method is not
      return bound
          .asType(bound.type().generic())
          .asSpreader(Object[].class, method.getParameterCount());
    } catch (IllegalAccessException notForUs) {
      return null;
    }
  }

  /// {@return whether everybody may call a type's public methods}
  static boolean isOpen(Class<?> type) {
    return Modifier.isPublic(type.getModifiers())
        && type.getModule().isExported(type.getPackageName());
  }

  String className() {
    return object.getClass().getName();
  }

  /// {@return what it has of a name, for a message}
  String textsOf(String name) {
    String found = texts(methods.stream().filter(m -> m.getName().equals(name)).toList());
    return found.isEmpty() ? "no public method '" + name + "'" : found;
  }

  private static String texts(List<Method> methods) {
    return methods.stream()
        .filter(m -> !m.isBridge())
        .map(m -> m.getReturnType().getSimpleName() + " " + text(m))
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /// {@return a method as `Store.get(String)`}
  static String text(Method method) {
    return Arrays.stream(method.getParameterTypes())
        .map(Class::getSimpleName)
        .collect(
            Collectors.joining(
                ", ",
                method.getDeclaringClass().getSimpleName() + "." + method.getName() + "(",
                ")"));
  }
}

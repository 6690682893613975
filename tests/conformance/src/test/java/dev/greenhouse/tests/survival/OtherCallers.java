package dev.greenhouse.tests.survival;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.tests.survival.TryShapes.Boom;
import dev.greenhouse.tests.survival.TryShapes.Shape;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/// Bodies that throw, with a `close` that is not called by what javac makes of a try.
@SuppressWarnings({"Finally", "try"}) // resources that are only closed
final class OtherCallers {
  private OtherCallers() {}

  static Map<String, Shape> throwing() throws ReflectiveOperationException {
    var all = new LinkedHashMap<String, Shape>();
    MethodHandle generated = generated(false);
    all.put("generated", b -> call(generated, nurseryWith(b)));
    MethodHandle hidden = generated(true);
    all.put("generated, hidden", b -> call(hidden, nurseryWith(b)));
    Method close = Nursery.class.getMethod("close");
    all.put("reflection", b -> reflection(close, nurseryWith(b)));
    MethodHandle handle =
        MethodHandles.lookup()
            .findVirtual(Nursery.class, "close", MethodType.methodType(void.class));
    all.put("method handle", b -> methodHandle(handle, nurseryWith(b)));
    all.put("proxy", b -> proxy(nurseryWith(b)));
    all.put("by hand", b -> byHand(nurseryWith(b)));
    return all;
  }

  private static Nursery nurseryWith(TryShapes.Beds beds) {
    Nursery nursery = Nursery.open();
    beds.aWhile(nursery);
    return nursery;
  }

  private static void reflection(Method close, Nursery nursery) throws Exception {
    try {
      throw new Boom();
    } finally {
      try {
        close.invoke(nursery);
      } catch (InvocationTargetException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static void methodHandle(MethodHandle close, Nursery nursery) throws Exception {
    try {
      throw new Boom();
    } finally {
      call(close, nursery);
    }
  }

  private static void proxy(Nursery nursery) throws Exception {
    try (var proxy =
        (AutoCloseable)
            Proxy.newProxyInstance(
                OtherCallers.class.getClassLoader(),
                new Class<?>[] {AutoCloseable.class},
                (p, method, args) -> method.invoke(nursery, args))) {
      throw new Boom();
    }
  }

  private static void byHand(Nursery nursery) {
    try {
      throw new Boom();
    } finally {
      nursery.close();
    }
  }

  private static void call(MethodHandle handle, Nursery nursery) throws Exception {
    try {
      handle.invoke(nursery);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// A method `void run(Nursery n)` that is `try { throw new Boom(); } catch (Throwable t) {
  /// n.close(); throw t; }`.
  private static MethodHandle generated(boolean hidden) throws ReflectiveOperationException {
    ClassDesc nursery = Nursery.class.describeConstable().orElseThrow();
    ClassDesc boom = Boom.class.describeConstable().orElseThrow();
    byte[] bytes =
        ClassFile.of()
            .build(
                ClassDesc.of(OtherCallers.class.getName() + "Generated"),
                type ->
                    type.withMethodBody(
                        "run",
                        MethodTypeDesc.of(ConstantDescs.CD_void, nursery),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                        code -> body(code, nursery, boom)));
    var lookup = MethodHandles.lookup();
    var in = hidden ? lookup.defineHiddenClass(bytes, true) : lookup.in(define(lookup, bytes));
    return in.findStatic(in.lookupClass(), "run", MethodType.methodType(void.class, Nursery.class));
  }

  private static Class<?> define(MethodHandles.Lookup lookup, byte[] bytes)
      throws ReflectiveOperationException {
    try {
      return Class.forName(OtherCallers.class.getName() + "Generated");
    } catch (ClassNotFoundException first) {
      return lookup.defineClass(bytes);
    }
  }

  private static void body(CodeBuilder code, ClassDesc nursery, ClassDesc boom) {
    code.trying(
        body ->
            body.new_(boom)
                .dup()
                .invokespecial(boom, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                .athrow(),
        handlers ->
            handlers.catchingAll(
                handler ->
                    handler
                        .astore(1)
                        .aload(0)
                        .invokeinterface(nursery, "close", ConstantDescs.MTD_void)
                        .aload(1)
                        .athrow()));
  }
}

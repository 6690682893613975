package dev.greenhouse.tests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the modules show to the outside, and that their class files need no preview flag.
class ModulesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dev.greenhouse.instrumentation | dev.greenhouse.instrumentation.Instrument |"
            + " dev.greenhouse.instrumentation,dev.greenhouse.instrumentation.context,"
            + "dev.greenhouse.instrumentation.jfr,"
            + "dev.greenhouse.instrumentation.log,dev.greenhouse.instrumentation.metrics,"
            + "dev.greenhouse.instrumentation.trace,dev.greenhouse.instrumentation.tree,"
            + "dev.greenhouse.instrumentation.watch",
        "dev.greenhouse.nursery | dev.greenhouse.nursery.Nursery |"
            + " dev.greenhouse.nursery,dev.greenhouse.nursery.lowlevel,dev.greenhouse.nursery.time",
        "dev.greenhouse.portal | dev.greenhouse.portal.Portal |"
            + " dev.greenhouse.portal,dev.greenhouse.portal.flat"
      })
  void exportsOnlyTheDoors(String module, String type, String packages) throws Exception {
    Set<String> unqualified =
        descriptor(module, type).exports().stream()
            .filter(e -> !e.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
    assertThat(unqualified).containsExactlyInAnyOrder(packages.split(","));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev.greenhouse.nursery.Nursery",
        "dev.greenhouse.nursery.jdk.TaskScope",
        "dev.greenhouse.nursery.jdk.VirtualThreads",
        "dev.greenhouse.instrumentation.dispatch.Hooks"
      })
  void classFilesAreNotMarkedAsPreview(String type) throws Exception {
    byte[] bytes = bytes(Class.forName(type, false, ModulesTest.class.getClassLoader()));
    int minor = Byte.toUnsignedInt(bytes[4]) << 8 | Byte.toUnsignedInt(bytes[5]);
    assertThat(minor).isZero();
  }

  private static ModuleDescriptor descriptor(String module, String type) throws Exception {
    var location =
        Class.forName(type, false, ModulesTest.class.getClassLoader())
            .getProtectionDomain()
            .getCodeSource()
            .getLocation()
            .toURI();
    return ModuleFinder.of(Path.of(location)).find(module).orElseThrow().descriptor();
  }

  private static byte[] bytes(Class<?> type) throws IOException {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    try (InputStream in = type.getResourceAsStream(file)) {
      return in.readAllBytes();
    }
  }
}

package dev.greenhouse.tests.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.locks.Lock;

/// The way down through modules and packages, and the rules of the scheduler.
@AnalyzeClasses(packages = "dev.greenhouse", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "dev.greenhouse.";

  @ArchTest
  static final ArchRule packagesFormAListAndEachUsesOnlyEarlierOnes =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.greenhouse..")
          .layer("instrumentation")
          .definedBy(ROOT + "instrumentation")
          .layer("dispatch")
          .definedBy(ROOT + "instrumentation.dispatch")
          .layer("trace")
          .definedBy(ROOT + "instrumentation.trace")
          .layer("stock")
          .definedBy(ROOT + "instrumentation.stock")
          .layer("jfr")
          .definedBy(ROOT + "instrumentation.jfr")
          .layer("context")
          .definedBy(ROOT + "instrumentation.context")
          .layer("log")
          .definedBy(ROOT + "instrumentation.log")
          .layer("metrics")
          .definedBy(ROOT + "instrumentation.metrics")
          .layer("watch")
          .definedBy(ROOT + "instrumentation.watch")
          .layer("tree")
          .definedBy(ROOT + "instrumentation.tree")
          .layer("jdk")
          .definedBy(ROOT + "nursery.jdk")
          .layer("housekeeping")
          .definedBy(ROOT + "nursery.housekeeping")
          .layer("time")
          .definedBy(ROOT + "nursery.time")
          .layer("scheduler")
          .definedBy(ROOT + "nursery.scheduler")
          .layer("lowlevel")
          .definedBy(ROOT + "nursery.lowlevel")
          .layer("nursery")
          .definedBy(ROOT + "nursery")
          .layer("portal")
          .definedBy(ROOT + "portal")
          .layer("flat")
          .definedBy(ROOT + "portal.flat")
          .whereLayer("portal")
          .mayOnlyAccessLayers("instrumentation", "time", "lowlevel", "nursery")
          .whereLayer("flat")
          .mayOnlyAccessLayers("instrumentation", "lowlevel", "nursery", "portal")
          .whereLayer("instrumentation")
          .mayNotAccessAnyLayer()
          .whereLayer("dispatch")
          .mayOnlyAccessLayers("instrumentation")
          .whereLayer("trace")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("stock")
          .mayOnlyAccessLayers("instrumentation")
          .whereLayer("jfr")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("context")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("log")
          .mayOnlyAccessLayers("instrumentation", "stock", "context")
          .whereLayer("metrics")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("watch")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("tree")
          .mayOnlyAccessLayers("instrumentation", "stock")
          .whereLayer("jdk")
          .mayNotAccessAnyLayer()
          .whereLayer("housekeeping")
          .mayOnlyAccessLayers("instrumentation")
          .whereLayer("time")
          .mayOnlyAccessLayers("housekeeping")
          .whereLayer("scheduler")
          .mayOnlyAccessLayers("instrumentation", "dispatch", "jdk", "housekeeping", "time")
          .whereLayer("lowlevel")
          .mayOnlyAccessLayers("instrumentation", "jdk", "housekeeping", "scheduler")
          .whereLayer("nursery")
          .mayOnlyAccessLayers(
              "instrumentation",
              "dispatch",
              "jdk",
              "housekeeping",
              "time",
              "scheduler",
              "lowlevel");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.greenhouse.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyOnePackageReachesIntoTheJdk =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "nursery.jdk")
          .and() // for signals there is a class that is exported and that javac warns of
          .doNotHaveFullyQualifiedName(ROOT + "instrumentation.tree.Signals")
          .should()
          .callMethod(
              MethodHandles.class, "privateLookupIn", Class.class, MethodHandles.Lookup.class)
          .orShould()
          .callMethod(Class.class, "forName", String.class)
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.StructuredTaskScope");

  @ArchTest
  static final ArchRule noClassFileNeedsAPreviewFlag =
      noClasses()
          .should()
          .dependOnClassesThat(
              describe(
                  "preview APIs", c -> c.getName().startsWith("java.util.concurrent.Structure")));

  @ArchTest
  static final ArchRule carriersShareNoLockOfTheJdkWithTasks =
      noClasses()
          .that()
          .resideInAnyPackage(
              ROOT + "nursery.scheduler", ROOT + "nursery.housekeeping", ROOT + "instrumentation..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Lock.class)
          .orShould()
          .dependOnClassesThat(
              describe(
                  "java.util.concurrent's blocking tools",
                  c ->
                      c.getPackageName().equals("java.util.concurrent")
                          && (c.getSimpleName().contains("Blocking")
                              || c.getSimpleName().contains("ScheduledThreadPool")
                              || c.getSimpleName().equals("Semaphore"))));

  @ArchTest
  static final ArchRule implementationsAreHidden =
      classes()
          .that()
          .resideInAPackage(ROOT + "nursery")
          .and()
          .haveSimpleNameEndingWith("Impl")
          .should()
          .bePackagePrivate();

  @ArchTest
  static final ArchRule onlyOnePackageNeedsTheFlightRecorder =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "instrumentation.jfr")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.jfr..");

  @ArchTest
  static final ArchRule onlyOneClassNeedsMicrometer =
      noClasses()
          .that(
              describe(
                  "are outside of GreenhouseMetrics",
                  c -> !c.getName().startsWith(ROOT + "instrumentation.metrics.GreenhouseMetrics")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.micrometer..");

  @ArchTest
  static final ArchRule runTimeDependenciesAreTheAgreedOnes =
      classes()
          .that()
          .resideInAnyPackage(ROOT + "instrumentation..", ROOT + "nursery..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "jdk.jfr..",
              "io.micrometer.core.instrument..",
              "dev.greenhouse.instrumentation..",
              "dev.greenhouse.nursery..",
              "org.jctools.queues.atomic..",
              "org.slf4j..",
              "org.jspecify.annotations..");

  @ArchTest
  static final ArchRule namesSayWhatAThingIs =
      noClasses().should(be(describe("a vague name", ArchitectureTest::isVague)));

  private static boolean isVague(JavaClass c) {
    String name = c.getSimpleName();
    return name.endsWith("Util")
        || name.endsWith("Utils")
        || name.endsWith("Helper")
        || name.endsWith("Manager")
        || name.startsWith("Base");
  }
}

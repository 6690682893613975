/// Structured concurrency for Java: nurseries, tasks and cancellation on virtual threads.
///
/// Start with [dev.greenhouse.nursery.Nursery] and [dev.greenhouse.nursery.Greenhouse]. Package
/// [dev.greenhouse.nursery.lowlevel] is for those who build synchronisation tools and adapters.
///
/// Most of it wants one flag for `java`: `--add-opens java.base/java.lang=ALL-UNNAMED`, on the
/// module path `--add-opens java.base/java.lang=dev.greenhouse.nursery`. Without it nurseries still
/// work, on plain virtual threads.
@org.jspecify.annotations.NullMarked
module dev.greenhouse.nursery {
  requires transitive dev.greenhouse.instrumentation;
  requires transitive org.jspecify;
  requires java.management;
  requires org.jctools.core;
  requires org.slf4j;

  exports dev.greenhouse.nursery;
  exports dev.greenhouse.nursery.lowlevel;
  exports dev.greenhouse.nursery.time;
}

import org.jspecify.annotations.NullMarked;

/// Portals: synchronous code that runs in a task awaits an asynchronous operation by suspending the
/// task, and not the thread under it.
///
/// Built on the exported types of `dev.greenhouse.nursery` alone.
@NullMarked
module dev.greenhouse.portal {
  requires transitive dev.greenhouse.nursery;
  requires static org.jspecify;
  requires org.slf4j;

  exports dev.greenhouse.portal;
  exports dev.greenhouse.portal.flat;
}

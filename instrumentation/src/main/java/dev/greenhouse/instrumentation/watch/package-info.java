/// Tasks that hold their carrier for too long.
///
/// [dev.greenhouse.instrumentation.watch.StallWatch] reports a long step while it is still running,
/// with its stack.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.watch;

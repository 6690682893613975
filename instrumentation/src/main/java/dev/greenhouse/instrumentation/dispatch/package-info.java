/// The fan-out of hooks to instruments, for the runtime only.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.dispatch;

/// Contexts that live in thread-locals, handed from task to task.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.context;

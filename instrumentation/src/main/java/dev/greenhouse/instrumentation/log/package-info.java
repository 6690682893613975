/// What tasks do, as lines of a log; and the log's context, handed from task to task.
///
/// [dev.greenhouse.instrumentation.log.TaskLog] writes to SLF4J.
/// [dev.greenhouse.instrumentation.log.InheritedMdc] gives a task the MDC of whoever forks it.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.log;

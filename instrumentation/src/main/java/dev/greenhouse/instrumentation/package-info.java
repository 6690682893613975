/// What an instrument can see: hooks, views of tasks and nurseries, outcomes and reasons.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation;

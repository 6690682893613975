/// Counts and histograms of what tasks do.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.metrics;

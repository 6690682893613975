/// Counts and histograms of what tasks do.
///
/// [dev.greenhouse.instrumentation.metrics.Metrics] is the instrument;
/// [dev.greenhouse.instrumentation.metrics.GreenhouseMetrics] shows its numbers to Micrometer, and
/// alone needs it.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.metrics;

/// Who runs when: fibers and their steps, and the run queues that carry them. It knows nothing of
/// nurseries and cancel scopes.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.scheduler;

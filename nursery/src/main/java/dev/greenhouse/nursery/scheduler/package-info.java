/// Who runs when: fibers and their steps, the run queues that carry them, timers, and the
/// housekeeper. It knows nothing of nurseries and cancel scopes.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.scheduler;

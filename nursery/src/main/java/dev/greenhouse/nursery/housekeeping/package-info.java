/// What all the rest stands on and what needs no task: spin words, timers, virtual time, and the
/// threads that keep house: the housekeeper, and those that log and that send interrupts.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.housekeeping;

/// What a greenhouse must survive: forks from anywhere, depth, hard failures, threads that are no
/// tasks, blocked carriers, interrupts, bad instruments.
package dev.greenhouse.tests.survival;

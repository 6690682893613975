/// The timeline: what is recorded, and the two pictures of it.
package dev.greenhouse.tests.trace;

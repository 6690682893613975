/// Tests of `linkcheck`: of its parts, and of whole runs on folders and servers made for the
/// purpose.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.examples.linkcheck;

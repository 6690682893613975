/// For those who build on the runtime: the one way to block.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.lowlevel;

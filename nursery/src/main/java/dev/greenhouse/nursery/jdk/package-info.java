/// The one door to what the JDK does not promise: `StructuredTaskScope`, and virtual threads on a
/// scheduler of our own. Nothing outside this package mentions either.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.jdk;

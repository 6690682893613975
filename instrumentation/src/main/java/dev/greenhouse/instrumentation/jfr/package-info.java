/// What tasks do, as events of the JDK's Flight Recorder. Needs the module `jdk.jfr`.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.jfr;

/// Greenhouse beside real asynchronous libraries, real synchronous ones that call back, and real
/// event loops; all of it on this machine.
package dev.greenhouse.tests.interop;

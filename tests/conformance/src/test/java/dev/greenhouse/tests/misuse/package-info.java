/// Misuse gets a clear error at once, and the greenhouse goes on.
package dev.greenhouse.tests.misuse;

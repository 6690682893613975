/// What the stock instruments share. Not exported.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.stock;

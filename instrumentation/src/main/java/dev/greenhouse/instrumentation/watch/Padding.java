package dev.greenhouse.instrumentation.watch;

/// Keeps the fields of a [Cell] away from those of the cell before it: they are written at each
/// step, by different processors.
@SuppressWarnings("unused")
abstract class Padding {
  private long p0;
  private long p1;
  private long p2;
  private long p3;
  private long p4;
  private long p5;
  private long p6;
  private long p7;
  private long p8;
  private long p9;
  private long pa;
  private long pb;
  private long pc;
  private long pd;
}

package dev.greenhouse.examples.linkcheck;

/// A link as it stands on a page.
///
/// @param href as it is written there
/// @param line in which line of the page, from 1; 0 if that is not known
record Link(String href, int line) {}

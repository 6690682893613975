/// Task trees: what they say of a greenhouse.
@NullMarked
package dev.greenhouse.tests.tree;

import org.jspecify.annotations.NullMarked;

/// What runs now: a greenhouse's tasks as a tree, and what each of them does. Start with
/// [dev.greenhouse.instrumentation.tree.TaskTree].
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.tree;

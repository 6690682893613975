/// Tasks on one event loop, with no tree, no nursery and no hooks: portals for those who live on
/// Netty's, Vert.x's, Swing's or another loop. Begin with
/// [dev.greenhouse.portal.flat.FlatExecutor].
@org.jspecify.annotations.NullMarked
package dev.greenhouse.portal.flat;

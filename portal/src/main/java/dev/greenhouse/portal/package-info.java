/// Portals and the operations that can be awaited through one.
package dev.greenhouse.portal;

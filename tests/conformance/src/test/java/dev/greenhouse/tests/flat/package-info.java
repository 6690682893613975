/// Tasks on one event loop: `dev.greenhouse.portal.flat`.
package dev.greenhouse.tests.flat;

/// What Greenhouse promises, rule by rule, on every kind of greenhouse, with and without the flag.
package dev.greenhouse.tests;

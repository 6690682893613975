/// Races and scale. The system property `greenhouse.stress.scale` multiplies the rounds.
package dev.greenhouse.tests.stress;

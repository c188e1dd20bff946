// Package system is the only door to the machine: files, the clock, randomness,
// the environment and other programs stand here behind small interfaces. The rest of
// Heddle takes a *System, or the one interface it needs, so that a test can make the
// n-th write fail, stop the clock, or repeat the random bytes.
//
// Real gives the implementations of the machine; Faults, ManualClock,
// SeededRandom and FixedEnvironment are the ones for tests.
package system

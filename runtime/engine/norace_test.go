//go:build !race

package engine_test

// raceDetector says that times mean little.
const raceDetector = false

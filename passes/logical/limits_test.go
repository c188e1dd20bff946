package logical_test

import "testing"

func TestLimits(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/limits.txt")
}

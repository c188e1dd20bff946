package logical_test

import "testing"

func TestPrune(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/prune.txt")
}

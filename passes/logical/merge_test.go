package logical_test

import "testing"

func TestMerge(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/merge.txt")
}

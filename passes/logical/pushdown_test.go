package logical_test

import "testing"

func TestPushdown(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/pushdown.txt")
}

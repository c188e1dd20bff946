package logical_test

import "testing"

func TestJoinOrder(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/joinorder.txt")
}

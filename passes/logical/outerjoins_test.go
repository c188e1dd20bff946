package logical_test

import "testing"

func TestOuterJoins(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/outerjoins.txt")
}

package logical_test

import "testing"

func TestSimplify(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/simplify.txt")
}

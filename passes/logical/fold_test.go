package logical_test

import "testing"

func TestFold(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/fold.txt")
}

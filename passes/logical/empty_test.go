package logical_test

import "testing"

func TestEmpty(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/empty.txt")
}

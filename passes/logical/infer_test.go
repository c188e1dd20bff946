package logical_test

import "testing"

func TestInfer(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/infer.txt")
}

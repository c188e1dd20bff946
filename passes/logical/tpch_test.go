package logical_test

import "testing"

// TestTPCH shows the plans of the whole list for the joins of TPC-H.
func TestTPCH(t *testing.T) {
	t.Parallel()
	runGolden(t, "testdata/tpch.txt")
}

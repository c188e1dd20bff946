package exec

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAssembledKernels keeps the PTX of the tests in step with its LLVM IR. It is a file
// so that tests run without LLVM, whose release 22 made it.
func TestAssembledKernels(t *testing.T) {
	optimizer, err := exec.LookPath("opt-22")
	if err != nil {
		t.Skip("opt of LLVM 22 is not installed: ", err)
	}
	compiler, err := exec.LookPath("llc-22")
	if err != nil {
		t.Skip("llc of LLVM 22 is not installed: ", err)
	}
	optimized, err := exec.Command(optimizer, "-O2", filepath.Join("testdata", "query.ll")).Output()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(compiler, "-mcpu=sm_70", "-mattr=+ptx63")
	command.Stdin = bytes.NewReader(optimized)
	made, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join("testdata", "query.ptx"))
	if err != nil {
		t.Fatal(err)
	}
	if string(made) != string(kept) {
		t.Error("query.ptx is not what query.ll, whose first lines say how, becomes")
	}
	if strings.Contains(string(kept), "call") {
		t.Error("a kernel calls a function")
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

const samplePTX = `.version 7.0
.target sm_80
.address_size 64
.visible .entry p0_kernel(
)
{
	ret;
}
`

// writeGPUBundle builds a bundle, and adds PTX made by hand to it.
func writeGPUBundle(t *testing.T, s *stage) (plain, withGPU string) {
	t.Helper()
	dir := t.TempDir()
	plain, withGPU = filepath.Join(dir, "plain.heddle"), filepath.Join(dir, "gpu.heddle")
	if o := s.perform("build", "-c", "SELECT sum(a) AS total FROM (VALUES (1), (2)) v(a)", "-o", plain); o.exit != 0 {
		t.Fatal(o)
	}
	data, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(plain, data)
	if err != nil {
		t.Fatal(err)
	}
	if b.Manifest.GPU, err = bundle.DescribePTX([]byte(samplePTX), "22.1.0"); err != nil {
		t.Fatal(err)
	}
	b.PTX = []byte(samplePTX)
	pipelines := b.Manifest.Program.Pipelines
	pipelines[0].Kernel = &program.Kernel{Function: "p0_kernel", Threads: 256, RowsPerThread: 4, Slots: 1}
	for i := 1; i < len(pipelines); i++ {
		pipelines[i].NoKernel = "it sorts"
	}
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(withGPU, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return plain, withGPU
}

func TestInspectGPU(t *testing.T) {
	s := newStage(t)
	plain, withGPU := writeGPUBundle(t, s)

	o := s.perform("inspect", withGPU)
	for _, want := range []string{"a GPU of sm_80 or later for PTX 7.0, made with LLVM 22.1.0; or none", "kernel p0_kernel", "\n ptx "} {
		if o.exit != 0 || !strings.Contains(o.stdout, want) {
			t.Errorf("%q is missing: %s\n%s", want, o, o.stdout)
		}
	}
	o = s.perform("inspect", withGPU, "--ptx")
	if o.exit != 0 || o.stdout != samplePTX {
		t.Errorf("--ptx shows %q: %s", o.stdout, o)
	}
	o = s.perform("inspect", withGPU, "--format", "json")
	var got struct{ Manifest struct{ GPU bundle.GPU } }
	if err := json.Unmarshal([]byte(o.stdout), &got); err != nil || got.Manifest.GPU.Architecture != 80 || len(got.Manifest.GPU.Kernels) != 1 {
		t.Errorf("as JSON: %+v, %v", got, err)
	}

	if o := s.perform("inspect", plain); o.exit != 0 || strings.Contains(o.stdout, "GPU") || strings.Contains(o.stdout, "ptx") {
		t.Errorf("a bundle without code for GPUs speaks of them: %s\n%s", o, o.stdout)
	}
	if o := s.perform("inspect", plain, "--ptx"); o.exit != 1 || o.code != string(codeSource) || !strings.Contains(o.stderr, "no code for GPUs") {
		t.Errorf("--ptx of a bundle without: %s", o)
	}
	if o := s.perform("inspect", withGPU, "--ptx", "--wat"); o.exit == exitOK {
		t.Errorf("two texts at once: %s", o)
	}
}

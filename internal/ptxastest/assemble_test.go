package ptxastest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `.version 7.0
.target sm_80
.address_size 64
.visible .entry sharing(.param .u64 to)
.maxntid 256
{
	.shared .align 16 .b8 memory[1024];
	.reg .b64 %rd<3>;
	.reg .b32 %r<3>;
	ld.param.u64 %rd1, [to];
	mov.u32 %r1, %tid.x;
	st.shared.u32 [memory], %r1;
	bar.sync 0;
	ld.shared.u32 %r2, [memory+4];
	cvta.to.global.u64 %rd2, %rd1;
	st.global.u32 [%rd2], %r2;
	ret;
}
.visible .entry empty()
{
	ret;
}
`

func TestAssemble(t *testing.T) {
	a := Find(t)
	for _, architecture := range Architectures {
		got, err := a.Assemble(t.Context(), []byte(sample), architecture)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].Kernel != "empty" || got[1].Kernel != "sharing" || got[1].Shared != 1024 || got[0].Registers == 0 || got[1].Registers == 0 {
			t.Errorf("for sm_%d: %+v", architecture, got)
		}
	}
	if got, err := a.Assemble(t.Context(), []byte(strings.Replace(sample, "bar.sync", "bar.sing", 1)), 90); err == nil || !strings.Contains(err.Error(), ".sing") {
		t.Errorf("PTX with an unknown instruction gives %+v, %v", got, err)
	}
	if got, err := a.Assemble(t.Context(), []byte(strings.Replace(sample, "sm_80", "sm_100", 1)), 90); err == nil {
		t.Errorf("PTX for a newer architecture gives %+v", got)
	}
}

func TestParse(t *testing.T) {
	said := `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'k2' for 'sm_80'
ptxas info    : Function properties for k2
    16 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 16 bytes cumulative stack size, 1024 bytes smem, 360 bytes cmem[0]
ptxas info    : Compile time = 3.437 ms
ptxas info    : Compiling entry function 'k1' for 'sm_80'
ptxas info    : Function properties for k1
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 4 registers, used 0 barriers, 352 bytes cmem[0]
ptxas info    : Compile time = 0.474 ms`
	got, err := parse(said)
	want := []Resources{{Kernel: "k1", Registers: 4}, {Kernel: "k2", Registers: 255, Stack: 16, Spilled: 32, Shared: 1024}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("resources (-want +got):\n%s\n%v", diff, err)
	}
	for name, said := range map[string]string{
		"the last":  strings.Replace(said, "Used 4", "Took 4", 1),
		"the first": strings.Replace(said, "Used 255", "Took 255", 1),
	} {
		if got, err := parse(said); err == nil {
			t.Errorf("without the registers of %s kernel: %+v", name, got)
		}
	}
}

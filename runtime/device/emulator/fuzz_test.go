package emulator

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// FuzzLaunch loads PTX and runs each of its kernels for a short time. Whatever the code
// does, it ends well or with an error that has a code.
func FuzzLaunch(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.ptx")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no modules: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 6000 {
			f.Add(string(text))
		}
	}
	for _, body := range []string{
		"bfe.s64 D, A, b, c; bfi.b64 D, A, B, b, c; prmt.b32 d, a, b, c; shf.l.clamp.b32 d, a, b, c;",
		"setp.lt.and.s32 p|q, a, b, !s; @p bra end; vote.sync.ballot.b32 d, q, c; shfl.sync.idx.b32 d|p, a, b, c, -1; end:",
		"match.all.sync.b64 d|p, A, c; redux.sync.min.s32 d, a, c; elect.sync d|p, c; bar.red.and.pred p, 0, q; activemask.b32 d;",
		"cvt.rm.f32.f64 d, A; cvt.rn.bf16x2.f32 d, a, b; cvt.sat.s8.s64 d, A; cvt.rni.f32.f32 d, a; fma.rn.f32x2 D, A, B, C;",
		"atom.shared.cas.b16 ha, [tile+2], hb, hc; red.global.max.s32 [in], a; atom.add.f64 D, [in], A; ld.v2.u16 {ha, hb}, [A];",
		"st.local.v4.b32 [depot], {a, b, c, d}; cvta.local.u64 at, in; isspacep.const p, at; ld.volatile.shared.s8 d, [a];",
		"brx.idx a, list; list: .branchtargets one, two; one: exit; two: trap;",
	} {
		f.Add(strings.Replace(frame, "BODY", body, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Open(Options{Memory: 1 << 20, InstructionLimit: 20000, Architecture: 100, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		coded := func(err error) {
			var in *diag.Diagnostic
			if err != nil && !errors.As(err, &in) {
				t.Errorf("the error is %v", err)
			}
		}
		m, err := d.Load(t.Context(), []byte(text))
		if err != nil {
			coded(err)
			return
		}
		s, err := d.NewStream()
		if err != nil {
			t.Fatal(err)
		}
		memory, err := d.Allocate(4096)
		if err != nil {
			return // the module's variables may take all
		}
		for _, k := range m.(*module).order {
			parameters := make([]byte, k.program.parameters)
			for at := 0; at+8 <= len(parameters); at += 8 {
				copy(parameters[at:], pack(memory))
			}
			if err := s.Launch(k, device.Launch{Blocks: 2, Threads: min(40, k.Resources().Threads), Shared: 64}, parameters); err != nil {
				coded(err)
				continue
			}
			coded(s.Synchronize(t.Context()))
		}
	})
}

package zz

import (
	"context"
	"fmt"
	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
	_ "github.com/heddle-lang/heddle/runtime/store/native"
	"os"
	"strings"
	"testing"
	"time"
)

func chk(t *testing.T, err error) {
	if err != nil {
		if l, ok := diag.FromError(err); ok {
			t.Fatal(diag.RenderText(l, diag.Options{}))
		}
		t.Fatal(err)
	}
}
func TestX(t *testing.T) {
	ctx := context.Background()
	db, err := store.OpenDatabase(ctx, system.Real(), os.Getenv("DATA"), store.DatabaseOptions{})
	chk(t, err)
	eng := os.Getenv("ENGINE")
	if eng == "" {
		eng = "wasmtime"
	}
	e, err := engine.Open(eng)
	chk(t, err)
	wide := e.Has(engine.WideArithmetic)
	threads := 2
	if os.Getenv("THREADS") == "1" {
		threads = 1
	}
	s, err := exec.NewSession(ctx, exec.Options{Engine: e, Library: library.Wasm(wide), Threads: threads, Memory: 2 << 30})
	chk(t, err)
	for run := 0; run < 7; run++ {
		b, _ := os.ReadFile(os.Getenv("CIR"))
		// tables come from db
		txt := string(b)
		i := strings.Index(txt, "flow @")
		var hdr strings.Builder
		hdr.WriteString("cir 1\n")
		mm := &ir.Module{}
		for _, n := range db.Tables() {
			tb, err := db.Describe(n)
			chk(t, err)
			mm.Tables = append(mm.Tables, tb)
		}
		m, d := ir.Parse(diag.NewFile("x", mm.String()+"\n"+txt[i:]))
		chk(t, d.Err())
		chk(t, ir.Verify(m).Err())
		t0 := time.Now()
		pc := pass.NewContext()
		pc.Library = library.Digest(wide)
		_, err = passes.Run(pc, m, passes.Options{After: func(p *pass.Pass, m *ir.Module, c bool) {
			if run == 0 && os.Getenv("PIPE") != "" && p.Name == "pipelines" {
				i := m.String()
				fmt.Println(i[strings.Index(i, "state @"):])
			}
		}})
		chk(t, err)
		var f encode.Feature
		if wide {
			f |= encode.FeatureWideArithmetic
		}
		if run == 0 && os.Getenv("KERN") != "" {
			fmt.Println(m.String())
		}
		w, err := wasm.Generate(m, wasm.Options{Features: f})
		chk(t, err)
		t1 := time.Now()
		r, err := s.Run(ctx, exec.Query{Program: pc.Program, Wasm: w, Tables: db.Resolve})
		chk(t, err)
		t2 := time.Now()
		n := 0
		for {
			rb, err := r.Next()
			if err != nil {
				break
			}
			if run == 0 && n < 10 {
				fmt.Println(rb)
			}
			n += int(rb.NumRows())
			rb.Release()
		}
		st := r.Stats()
		r.Close()
		fmt.Println("rows", n, "front", t1.Sub(t0), len(w), "run", t2.Sub(t1), "compile", st.Compile, "prepare", st.Prepare, "exec", st.Execute)
		if run == 6 {
			for _, p := range st.Pipelines {
				fmt.Printf("%+v\n", p)
			}
			for _, p := range st.Scans {
				fmt.Printf("%+v\n", p)
			}
		}
	}
}

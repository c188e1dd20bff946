package ptx

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const header = ".version 7.8\n.target sm_90\n.address_size 64\n"

// kernel is a module with one kernel.
func kernel(body string) string { return header + ".visible .entry k()\n{\n" + body + "\n}\n" }

func TestParse(t *testing.T) {
	text := header + `
.visible .const .align 8 .b8 table[8] = {1, 2, 0xff};
.global .align 8 .u64 places[2] = {table, generic(table)+4};
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(
	.param .u64 .ptr .global .align 16 k_0,
	.param .u8 k_1,
	.param .align 8 .b8 k_2[12]
)
.maxntid 128, 2
.minnctapersm 2
{
	.reg .pred %p<3>; // comment
	.reg .b32 %r<10>, other;
	.local .align 4 .b8 depot[16];
	ld.param.b32 /* two
	lines */ %r9, [k_2+8];
loop:
	{ .reg .b32 %r<2>; mov.b64 {%r1, _}, %rd; }
	@!%p1 bra loop;
	shfl.sync.down.b32 %r9|%p2, %r9, 16, 31, -1;
	mov.f32 %r1, 0f3F800000;
	st.shared.b32 [dynamic+-4], other;
	ret;
}
`
	text = strings.Replace(text, "%rd; }", "%tid.x; }", 1)
	m, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	f := m.Functions[0]
	var body []string
	for _, in := range f.Body {
		body = append(body, in.Text)
	}
	wantBody := []string{
		"ld.param.b32 /* two lines */ %r9, [k_2+8]", "mov.b64 {%r1, _}, %tid.x", "@!%p1 bra loop",
		"shfl.sync.down.b32 %r9|%p2, %r9, 16, 31, -1", "mov.f32 %r1, 0f3F800000", "st.shared.b32 [dynamic+-4], other", "ret",
	}
	if diff := cmp.Diff(wantBody, body); diff != "" {
		t.Errorf("instructions (-want +got):\n%s", diff)
	}
	// The inner %r1 is another register than the outer one.
	wantRegisters := []Register{{"%r9", 32}, {"%r1", 32}, {"%p1", 1}, {"%p2", 1}, {"%r1", 32}, {"other", 32}}
	if diff := cmp.Diff(wantRegisters, f.Registers); diff != "" {
		t.Errorf("registers (-want +got):\n%s", diff)
	}
	wantModule := &Module{Version: 78, Target: "sm_90", Architecture: 90, Variables: []*Variable{
		{Name: "table", Line: 5, Space: Constant, Align: 8, Size: 8, Data: []byte{1, 2, 0xff}},
		{Name: "places", Line: 6, Space: Global, Align: 8, Size: 16, Data: make([]byte, 16), References: []Reference{
			{Symbol: "table"}, {Offset: 8, Symbol: "table", Addend: 4, Generic: true},
		}},
		{Name: "dynamic", Line: 7, Space: Shared, Align: 16, External: true},
	}, Functions: m.Functions}
	if diff := cmp.Diff(wantModule, m); diff != "" {
		t.Errorf("module (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 8, 16}, f.Offsets); diff != "" || f.ParameterBytes != 28 || f.MaximumThreads != 256 {
		t.Errorf("parameters at %v, %d bytes, %d threads", f.Offsets, f.ParameterBytes, f.MaximumThreads)
	}
	if diff := cmp.Diff(map[string]int{"loop": 1}, f.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got := f.Body[0].Line; got != 19 {
		t.Errorf("the load is at line %d", got)
	}
	if o := f.Body[5].Operands[0]; o.Symbol != "dynamic" || o.Offset != -4 {
		t.Errorf("the address is %+v", o)
	}
	if o := f.Body[4].Operands[1]; o.Value != 0x3f800000 || o.Bits != 32 {
		t.Errorf("the number is %+v", o)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"nothing", "", "line 1: the text does not begin with .version and .target"},
		{"no header", ".visible .entry k() {}", "line 1: the text does not begin with .version and .target"},
		{"version", ".version seven\n", `line 1: "seven" is not a version of PTX`},
		{"target", ".version 7.0\n.target map_f64_to_f32\n", `line 3: "map_f64_to_f32" is not a target that is known`},
		{"addresses", ".version 7.0\n.target sm_80\n.address_size 32\n", "line 4: addresses must have 64 bits"},
		{"external function", header + ".extern .func (.param .b32 r) __divti3\n(\n.param .b64 a\n)\n;\n", `line 4: the module calls the function "__divti3", which is not in it`},
		{"function", header + ".func f()\n{\nret;\n}\n", `line 4: functions that are called are not supported: "f"`},
		{"call", kernel(".param .b32 p;"), "line 6: calls of functions are not supported"},
		{"directive", kernel(".something;"), `line 6: the directive ".something" is not supported`},
		{"register type", kernel(".reg .b7 %r<3>;"), `line 6: ".b7" is not the type of a register`},
		{"guard", kernel("@%p1 ret;"), `line 6: "%p1" is not a predicate`},
		{"label twice", kernel("a:\na:\nret;"), `line 7: the label "a" occurs twice`},
		{"end in a body", header + ".visible .entry k()\n{\nret;\n", `line 7: the text ends in the kernel "k"`},
		{"end in an instruction", header + ".visible .entry k()\n{\nadd.s32 a, ", `line 6: the text ends in an instruction`},
		{"number", kernel("mov.b32 a, 12x;"), `line 6: "12x" is not a number`},
		{"character", kernel("mov.b32 a, #;"), "line 6: a character that PTX does not have"},
		{"comment", kernel("/* ret;"), "line 6: a comment does not end"},
		{"scopes", kernel(strings.Repeat("{", 65)), "line 6: scopes are nested more than 64 deep"},
		{"array", header + ".global .b8 a[999999999999];", `line 4: a number up to 268435456 was expected, and there is "999999999999"`},
		{"too many values", header + ".global .b8 a[1] = {1, 2};", `line 4: "a" has more initial values than it has room`},
		{"parameter twice", header + ".entry k(.param .u32 a, .param .u32 a) {}", `line 4: the parameter "a" occurs twice`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text)
			var in *Error
			if !errors.As(err, &in) {
				t.Fatalf("the error is %v", err)
			}
			if in.Error() != test.want {
				t.Errorf("got %q, want %q", in, test.want)
			}
		})
	}
}

// golden are the modules of the emulator's tests.
func golden(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../testdata/*/*.ptx")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no modules: %v", err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

func TestParseGolden(t *testing.T) {
	for path, text := range golden(t) {
		m, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		for _, f := range m.Functions {
			if len(f.Body) == 0 || f.ParameterBytes == 0 {
				t.Errorf("%s: the kernel %q is empty", path, f.Name)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range golden(f) {
		if len(text) < 8000 {
			f.Add(text)
		}
	}
	f.Add(kernel("{ .reg .b32 %r<2>; mov.b64 {%r1, _}, %tid.x; }\n$L: .branchtargets $L, $M;"))
	f.Add(header + ".global .align 8 .u64 a[2] = {b, generic(b)+4};")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(text)
		if err != nil {
			var in *Error
			if !errors.As(err, &in) || in.Line < 1 {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		for _, function := range m.Functions {
			for label, at := range function.Labels {
				if at < 0 || at > len(function.Body) {
					t.Errorf("the label %q is at %d", label, at)
				}
			}
			for _, in := range function.Body {
				if in.Guard >= len(function.Registers) {
					t.Errorf("guard %d of %d registers", in.Guard, len(function.Registers))
				}
			}
		}
	})
}

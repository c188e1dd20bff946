package encode_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
)

const header = "\x00asm\x01\x00\x00\x00"

// body wraps the code of one function without parameters into a module.
func body(code string) string {
	return header + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" +
		"\x0a" + string(rune(len(code)+3)) + "\x01" + string(rune(len(code)+1)) + "\x00" + code
}

func TestDecodeRefuses(t *testing.T) {
	const types = header + "\x01\x04\x01\x60\x00\x00"
	for _, row := range []struct {
		name, module string
		code         diag.Code
		message      string
	}{
		{"empty", "", "E0760", "at byte 0x0"},
		{"zip", "PK\x03\x04\x00\x00\x00\x00", "E0760", `begins with "PK`},
		{"component", "\x00asm\x0d\x00\x01\x00", "E0760", "not a WebAssembly module"},
		{"section cut short", header + "\x01\x05\x01", "E0761", "5 bytes wanted, 1 left at byte 0xa"},
		{"section size of six bytes", header + "\x01\xff\xff\xff\xff\xff\x01", "E0761", "number beyond 32 bits at byte 0x9"},
		{"unknown section", header + "\x20\x00", "E0762", "section 32"},
		{"section twice", types + "\x01\x01\x00", "E0761", "type section twice"},
		{"sections out of order", header + "\x03\x01\x00\x01\x01\x00", "E0761", "type section twice or out of order"},
		{"data count after code", header + "\x0a\x01\x00\x0c\x01\x00", "E0761", "data count section twice or out of order"},
		{"left over", header + "\x01\x02\x00\x00", "E0761", "1 bytes left over"},
		{"vector longer than the section", header + "\x01\x05\xff\xff\xff\xff\x0f", "E0761", "4294967295 types in 0 bytes"},
		{"type form", header + "\x01\x02\x01\x5f", "E0762", "type form 0x5f"},
		{"value type", header + "\x01\x05\x01\x60\x01\x64\x00", "E0762", "type 0x64"},
		{"arity", header + "\x01\xee\x07\x01\x60\xe9\x07" + strings.Repeat("\x7f", 1001) + "\x00", "E0764", "1001 values"},
		{"function without body", types + "\x03\x02\x01\x00", "E0761", "1 functions declared, 0 defined"},
		{"body without function", header + "\x0a\x04\x01\x02\x00\x0b", "E0761", "0 functions declared, 1 defined"},
		{"function of no type", types + "\x03\x02\x01\x07", "E0763", "type 7 of 1"},
		{"name not UTF-8", header + "\x02\x05\x01\x01\xff\x00\x00", "E0761", "UTF-8"},
		{"import kind", header + "\x02\x05\x01\x00\x00\x04\x00", "E0762", "import kind 4"},
		{"64-bit memory", header + "\x05\x03\x01\x04\x00", "E0762", "limits of form 0x04"},
		{"memory above 4 GiB", header + "\x05\x05\x01\x00\x81\x80\x04", "E0764", "65537"},
		{"limits upside down", header + "\x05\x04\x01\x01\x02\x01", "E0761", "minimum 2 above maximum 1"},
		{"export twice", header + "\x05\x03\x01\x00\x00\x07\x09\x02\x01a\x02\x00\x01a\x02\x00", "E0761", `two exports named "a"`},
		{"export of nothing", header + "\x07\x04\x01\x00\x00\x00", "E0763", "function 0 of 0"},
		{"start of nothing", header + "\x08\x01\x00", "E0763", "function 0 of 0"},
		{"extended constant", header + "\x06\x08\x01\x7f\x00\x41\x00\x41\x00\x6a", "E0762", "several instructions"},
		{"constant expression that computes", header + "\x06\x05\x01\x7f\x00\x6a\x0b", "E0762", "i32.add in a constant expression"},
		{"data without memory", header + "\x0b\x06\x01\x00\x41\x00\x0b\x00", "E0763", "memory 0 of 0"},
		{"data count lies", header + "\x0c\x01\x03", "E0761", "3 data segments announced, 0 present"},
		{"atomics", body("\xfe\x10\x02\x00\x0b"), "E0762", "instruction 0xfe is not supported at byte 0x17"},
		{"unknown SIMD", body("\xfd\x9a\x01\x0b"), "E0762", "0xfd 0x9a 0x01"},
		{"huge SIMD code", body("\xfd\xff\xff\x7f\x0b"), "E0762", "instruction"},
		{"no end", body("\x01"), "E0761", "unexpected end"},
		{"code after the end", body("\x0b\x01"), "E0761", "code after the end"},
		{"else without if", body("\x05\x0b"), "E0761", "else without if"},
		{"two else", body("\x41\x00\x04\x40\x05\x05\x0b\x0b"), "E0761", "else without if"},
		{"label", body("\x0c\x01\x0b"), "E0763", "label 1 of 1"},
		{"label in a table", body("\x41\x00\x0e\x01\x00\x09\x0b"), "E0763", "label 9 of 1"},
		{"br_table longer than the body", body("\x0e\xff\xff\x03\x0b"), "E0761", "labels in 1 bytes"},
		{"local", body("\x20\x00\x0b"), "E0763", "local 0 of 0"},
		{"global", body("\x23\x00\x0b"), "E0763", "global 0 of 0"},
		{"function", body("\x10\x01\x0b"), "E0763", "function 1 of 1"},
		{"memory", body("\x28\x02\x00\x0b"), "E0763", "memory 0 of 0"},
		{"alignment", body("\x28\x03\x00\x0b"), "E0761", "alignment 2^3 of i32.load"},
		{"second memory", body("\x28\x42\x01\x00\x0b"), "E0762", "second memory"},
		{"lane", body("\xfd\x1b\x04\x0b"), "E0761", "lane 4 of 4"},
		{"shuffle", body("\xfd\x0d" + strings.Repeat("\x20", 16) + "\x0b"), "E0761", "lane 32 of 32"},
		{"block type", body("\x02\x65\x0b\x0b"), "E0762", "block type"},
		{"block of no type", body("\x02\x05\x0b\x0b"), "E0763", "type 5 of 1"},
		{"data.drop without data count", body("\xfc\x09\x00\x0b"), "E0761", "without a data count section"},
		{"i32 too wide", body("\x41\xff\xff\xff\xff\x0f\x0b"), "E0761", "beyond 32 bits"},
		{"i64 too wide", body("\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x0b"), "E0761", "beyond 64 bits"},
		{"locals", types + "\x03\x02\x01\x00\x0a\x08\x01\x06\x01\xd1\x86\x03\x7f\x0b", "E0764", "50001 locals"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := encode.Decode([]byte(row.module))
			var found *diag.Diagnostic
			if !errors.As(err, &found) {
				t.Fatalf("got %v, %v; want a diagnostic", d, err)
			}
			if found.Code != row.code || !strings.Contains(found.Message, row.message) || !strings.Contains(found.Message, " at byte 0x") {
				t.Errorf("got %v; want %s with %q", found, row.code, row.message)
			}
		})
	}
}

func TestNestingLimit(t *testing.T) {
	for _, row := range []struct {
		depth int
		code  diag.Code
	}{{10_000, ""}, {10_001, "E0764"}} {
		m := encode.NewModule()
		f := m.Func(m.Type(nil, nil))
		for range row.depth {
			f.Block(encode.BlockEmpty)
		}
		for range row.depth {
			f.End()
		}
		d, err := encode.Decode(m.Bytes())
		var code diag.Code
		if found := (*diag.Diagnostic)(nil); errors.As(err, &found) {
			code = found.Code
		}
		if code != row.code {
			t.Fatalf("depth %d: got %v, want code %q", row.depth, err, row.code)
		}
		if err != nil {
			continue
		}
		var text bytes.Buffer
		if err := d.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if limit := 400 * row.depth; text.Len() > limit {
			t.Errorf("%d bytes of text, want at most %d", text.Len(), limit)
		}
	}
}

// TestConstants sends the corners of both number formats through the binary.
func TestConstants(t *testing.T) {
	wants := []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, math.MaxInt32, math.MinInt32}
	for shift := range 63 {
		wants = append(wants, 1<<shift-1, 1<<shift, -1<<shift, -1<<shift-1)
	}
	wants = append(wants, math.MaxInt64, math.MinInt64)
	m := encode.NewModule()
	f := m.Func(m.Type(nil, nil))
	for _, v := range wants {
		f.I64Const(v)
		f.Drop()
		f.I32Const(int32(v))
		f.Drop()
	}
	d, err := encode.Decode(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for ins := range d.Functions[0].Instructions() {
		switch ins.Op {
		case encode.OpI64Const:
			if got := int64(ins.Bits); got != wants[i] {
				t.Errorf("i64.const %d came back as %d", wants[i], got)
			}
		case encode.OpI32Const:
			if got := int32(ins.Bits); got != int32(wants[i]) {
				t.Errorf("i32.const %d came back as %d", int32(wants[i]), got)
			}
			i++
		default: // no constant
		}
	}
	if i != len(wants) {
		t.Errorf("%d constants came back, want %d", i, len(wants))
	}
}

// TestDamagedNames: faults in the name section do not make a module invalid.
func TestDamagedNames(t *testing.T) {
	d, err := encode.Decode([]byte(header + "\x00\x0c\x04name\x01\x7f\x00\x00\x00\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if d.Names.Functions != nil {
		t.Errorf("names %v", d.Names)
	}
}

// FuzzDecode feeds damaged modules: no panic, a diagnostic or a structure no
// larger than its input allows, whose code can be walked and printed.
func FuzzDecode(f *testing.F) {
	everything := buildEverything().Bytes()
	f.Add(everything)
	f.Add([]byte(body("\x02\x40\x0b\x0b")))
	f.Add([]byte(header))
	for i := 0; i < len(everything); i += 7 {
		damaged := bytes.Clone(everything)
		damaged[i] ^= 1 << (i % 8)
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		d, err := encode.Decode(module)
		if err != nil {
			var found *diag.Diagnostic
			if !errors.As(err, &found) {
				t.Fatalf("%v is no diagnostic", err)
			}
			return
		}
		items := len(d.Types) + len(d.Imports) + len(d.FuncTypes) + len(d.Tables) + len(d.Memories) +
			len(d.Globals) + len(d.Exports) + len(d.Elements) + len(d.Functions) + len(d.Data)
		locals := 0
		for i := range d.Functions {
			items += len(d.Functions[i].Locals)
			for _, run := range d.Functions[i].Locals {
				locals += int(run.Count)
			}
			for range d.Functions[i].Instructions() {
				items++
			}
		}
		if items > 4*len(module) {
			t.Errorf("%d items in %d bytes", items, len(module))
		}
		if locals < 100_000 {
			if err := d.WriteText(io.Discard); err != nil {
				t.Error(err)
			}
		}
	})
}

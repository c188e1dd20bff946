package ptx_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// Where threads find operands and leave results, in linear memory.
const (
	inputs      = 0
	inputSize   = 48 // of a thread: three operands
	outputs     = 0x100000
	outputSize  = 16
	blockSize   = 256
	untouched   = 0xa5 // what outputs hold before
	siteUnknown = ptx.SiteUnknown
)

// TestSupportsEveryOp makes sure that no op of the kern level is forgotten.
func TestSupportsEveryOp(t *testing.T) {
	for code, info := range ir.OpTable() {
		want := info.Level == ir.KernLevel || ir.Opcode(code) == ir.OpConst
		if got := ptx.Supports(ir.Opcode(code)); got != want && info.Name != "" {
			t.Errorf("%s: supported %v", info.Name, got)
		}
	}
}

// TestEveryPureOp runs each op at each type in one thread for each combination of extreme
// operands. Divisions that trap leave their thread.
func TestEveryPureOp(t *testing.T) {
	shapes := random.Shapes()
	m := &ir.Module{}
	for i := range shapes {
		k := newKernel(fmt.Sprint("case", i), blockSize)
		in, out := k.slot(inputs, inputSize), k.slot(outputs, outputSize)
		var operands []*ir.Value
		for j, o := range shapes[i].Operands {
			operands = append(operands, k.read(in, o, int64(16*j)))
		}
		k.write(out, shapes[i].Build(k.Builder, operands...), 0)
		m.Functions = append(m.Functions, k.function)
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		loaded := d.compile(c, m, nil)
		for i := range shapes {
			shape := &shapes[i]
			all := shape.Combinations()
			if len(all) > blockSize {
				t.Fatalf("%s has %d combinations", shape, len(all))
			}
			memory := make([]byte, blockSize*inputSize)
			for j, operands := range all {
				for n, v := range operands {
					putBits(memory[j*inputSize+16*n:], v)
				}
			}
			d.put(linearBase+inputs, memory)
			d.put(linearBase+outputs, bytes.Repeat([]byte{untouched}, blockSize*outputSize))
			d.resetError()
			d.run(loaded, fmt.Sprint("case", i), 1, len(all))
			results := d.linear(linearBase+outputs, blockSize*outputSize)
			trapped := false
			for j, operands := range all {
				want, err := shape.Compute(operands...)
				got := getBits(results[j*outputSize:], shape.Result)
				if err != nil {
					trapped = true
					if results[j*outputSize] != untouched {
						t.Errorf("%s of %x went on with %x", shape, operands, got)
					}
				} else if !interp.SameBits(shape.Result, got, want) {
					t.Errorf("%s of %x is %x, want %x", shape, operands, got, want)
					break
				}
			}
			if got := d.failure(); trapped && got != siteUnknown || !trapped && got != abi.LaunchNoError {
				t.Errorf("%s: the error is %#x", shape, got)
			}
		}
	})
}

// TestConstantOperands runs each op with literals, which LLVM folds or gives other
// instructions.
func TestConstantOperands(t *testing.T) {
	shapes := random.Shapes()
	dice := rand.New(rand.NewPCG(1, 2))
	m := &ir.Module{}
	type run struct {
		shape    *random.Shape
		operands []interp.Bits
		want     interp.Bits
	}
	var runs []run
	var memory []byte
	for i := range shapes {
		k := newKernel(fmt.Sprint("constants", i), 32)
		in, out := k.slot(inputs, 0), k.slot(outputs, 0)
		all := shapes[i].Combinations()
		for range 2 {
			operands := all[dice.IntN(len(all))]
			want, err := shapes[i].Compute(operands...)
			if err != nil {
				continue
			}
			var values []*ir.Value
			for j, o := range shapes[i].Operands {
				v, ok := k.literal(o, operands[j])
				if !ok || dice.IntN(3) == 0 {
					v = k.read(in, o, int64(len(memory)))
					memory = append(memory, make([]byte, 16)...)
					putBits(memory[len(memory)-16:], operands[j])
				}
				values = append(values, v)
			}
			k.write(out, shapes[i].Build(k.Builder, values...), int64(16*len(runs)))
			runs = append(runs, run{&shapes[i], operands, want})
		}
		m.Functions = append(m.Functions, k.function)
	}
	onDevices(t, func(t *testing.T, c *ptx.Compiler, d *machine) {
		d.put(linearBase+inputs, memory)
		loaded := d.compile(c, m, nil)
		for _, f := range m.Functions {
			d.run(loaded, f.Name, 1, 1)
		}
		results := d.linear(linearBase+outputs, 16*len(runs))
		for i, r := range runs {
			if got := getBits(results[16*i:], r.shape.Result); !interp.SameBits(r.shape.Result, got, r.want) {
				t.Errorf("%s of %x is %x, want %x", r.shape, r.operands, got, r.want)
			}
		}
	})
}

package ptx_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

// Where tests keep the memory that kernels see: linear memory from linearBase, and a
// launch block with more behind it.
const (
	linearBase = abi.SharedBase
	linearSize = 4 << 20
	launchSize = 1 << 20
)

// machine is an emulated device with a mirror and a launch block.
type machine struct {
	t              testing.TB
	driver         *emulator.Driver
	stream         device.Stream
	mirror, launch device.Address
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	d, err := emulator.Open(emulator.Options{Architecture: 80, PTX: 90})
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	m := &machine{t: t, driver: d}
	m.stream, err = d.NewStream()
	must(t, err)
	m.mirror, err = d.Reserve(1 << 32)
	must(t, err)
	must(t, d.Commit(m.mirror+linearBase, linearSize))
	m.launch, err = d.Allocate(launchSize)
	must(t, err)
	must(t, m.stream.Fill(m.launch, 0, launchSize))
	m.resetError()
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// resetError says that no site has failed.
func (m *machine) resetError() {
	m.t.Helper()
	must(m.t, m.stream.CopyIn(m.launch+abi.LaunchError, []byte{0xff, 0xff, 0xff, 0xff}))
}

// failure is the lowest site that failed.
func (m *machine) failure() uint32 {
	m.t.Helper()
	return binary.LittleEndian.Uint32(m.global(abi.LaunchError, 4))
}

// put and linear write and read linear memory, global reads behind the launch block.
func (m *machine) put(address uint32, data []byte) {
	m.t.Helper()
	must(m.t, m.stream.CopyIn(m.mirror+device.Address(address), data))
}

func (m *machine) linear(address uint32, size int) []byte {
	m.t.Helper()
	return m.read(m.mirror+device.Address(address), size)
}

func (m *machine) global(offset int, size int) []byte {
	m.t.Helper()
	return m.read(m.launch+device.Address(offset), size)
}

func (m *machine) read(address device.Address, size int) []byte {
	m.t.Helper()
	data := make([]byte, size)
	must(m.t, m.stream.CopyOut(data, address))
	must(m.t, m.stream.Synchronize(m.t.Context()))
	return data
}

// compile makes PTX of a module and loads it.
func (m *machine) compile(c *ptx.Compiler, source, library *ir.Module) device.Module {
	m.t.Helper()
	code, err := c.Compile(context.Background(), lower(m.t, source, library), ptx.DefaultTarget)
	must(m.t, err)
	loaded, err := m.driver.Load(context.Background(), code.PTX)
	must(m.t, err)
	return loaded
}

// run launches a kernel with a context, the launch block, and more parameters.
func (m *machine) run(module device.Module, name string, blocks, threads int, more ...any) {
	m.t.Helper()
	k, err := module.Kernel(ptx.EntryName(name))
	must(m.t, err)
	var out bytes.Buffer
	for _, p := range append([]any{uint64(m.mirror), uint32(linearBase), uint64(m.launch)}, more...) {
		for out.Len()%binary.Size(p) != 0 {
			out.WriteByte(0)
		}
		must(m.t, binary.Write(&out, binary.LittleEndian, p))
	}
	must(m.t, m.stream.Launch(k, device.Launch{Blocks: blocks, Threads: threads}, out.Bytes()))
	if err := m.stream.Synchronize(m.t.Context()); err != nil {
		m.t.Fatalf("kernel %s: %v", name, err)
	}
}

// onDevices runs a test with a machine for each LLVM that is installed.
func onDevices(t *testing.T, test func(t *testing.T, c *ptx.Compiler, m *machine)) {
	for name, c := range compilers(t) {
		t.Run(name, func(t *testing.T) { test(t, c, newMachine(t)) })
	}
}

func putBits(memory []byte, v interp.Bits) {
	binary.LittleEndian.PutUint64(memory, v.Low)
	binary.LittleEndian.PutUint64(memory[8:], v.High)
}

func getBits(memory []byte, t ir.Type) interp.Bits {
	v := interp.Bits{Low: binary.LittleEndian.Uint64(memory), High: binary.LittleEndian.Uint64(memory[8:])}
	switch interp.SizeOf(t) {
	case 4:
		return interp.Word(v.Low & 0xffffffff)
	case 8:
		return interp.Word(v.Low)
	}
	return v
}

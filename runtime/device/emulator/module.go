package emulator

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// module is PTX whose kernels have been translated.
type module struct {
	driver    *Driver
	variables []*ptx.Variable
	symbols   map[string]symbol // of global and constant memory
	constant  []byte
	global    []device.Address
	kernels   map[string]*kernel
	order     []*kernel // as in the text

	mu     sync.Mutex
	closed bool
}

type kernel struct {
	module  *module
	program *program

	mu     sync.Mutex
	counts []uint64 // executed instructions of threads, by place
}

// newModule lays out the variables and translates the kernels. Its error is a *ptx.Error
// when the text is at fault.
func (d *Driver) newModule(text *ptx.Module) (*module, error) {
	m := &module{driver: d, variables: text.Variables, symbols: map[string]symbol{}, kernels: map[string]*kernel{}}
	if err := m.layOut(); err != nil {
		m.free()
		return nil, err
	}
	for _, f := range text.Functions {
		p, err := compileFunction(m, f)
		if err == nil && p.shared > staticShared {
			err = &ptx.Error{Line: f.Line, Message: fmt.Sprintf("the kernel %q uses %d bytes of static shared memory, and can use %d", f.Name, p.shared, staticShared)}
		}
		if err == nil && m.kernels[f.Name] != nil {
			err = &ptx.Error{Line: f.Line, Message: fmt.Sprintf("the kernel %q occurs twice", f.Name)}
		}
		if err != nil {
			m.free()
			return nil, err
		}
		k := &kernel{module: m, program: p, counts: make([]uint64, len(p.code))}
		m.kernels[f.Name] = k
		m.order = append(m.order, k)
	}
	return m, nil
}

// layOut places variables of global and constant memory and gives them their values.
func (m *module) layOut() error {
	var initial []func()
	for _, v := range m.variables {
		if v.Space != ptx.Global && v.Space != ptx.Constant {
			continue
		}
		if v.External {
			return &ptx.Error{Line: v.Line, Message: fmt.Sprintf("the variable %q is of another module", v.Name)}
		}
		if _, ok := m.symbols[v.Name]; ok {
			return &ptx.Error{Line: v.Line, Message: fmt.Sprintf("the variable %q occurs twice", v.Name)}
		}
		if v.Space == ptx.Constant {
			at := (len(m.constant) + v.Align - 1) &^ (v.Align - 1)
			if at+v.Size > 1<<16 {
				return &ptx.Error{Line: v.Line, Message: "the constants take more than 65536 bytes"}
			}
			m.constant = append(m.constant, make([]byte, at+v.Size-len(m.constant))...)
			copy(m.constant[at:], v.Data)
			m.symbols[v.Name] = symbol{space: ptx.Constant, value: uint64(at)}
			initial = append(initial, func() { m.refer(v, m.constant[at:]) })
			continue
		}
		address, err := m.driver.memory.allocate(int64(max(v.Size, 1)))
		if err != nil {
			return err
		}
		m.global = append(m.global, address)
		m.symbols[v.Name] = symbol{space: ptx.Global, value: uint64(address)}
		data := m.driver.memory.find(uint64(address)).data
		clear(data)
		copy(data, v.Data)
		initial = append(initial, func() { m.refer(v, data) })
	}
	for _, v := range m.variables {
		for _, r := range v.References {
			if _, ok := m.symbols[r.Symbol]; !ok {
				return &ptx.Error{Line: v.Line, Message: fmt.Sprintf("%q refers to %q, which has no address", v.Name, r.Symbol)}
			}
		}
	}
	for _, set := range initial {
		set()
	}
	return nil
}

// refer writes the addresses that are initial values.
func (m *module) refer(v *ptx.Variable, data []byte) {
	for _, r := range v.References {
		s := m.symbols[r.Symbol]
		address := s.value + uint64(r.Addend)
		if r.Generic {
			address += windowOf(s.space)
		}
		binary.LittleEndian.PutUint64(data[r.Offset:], address)
	}
}

func (m *module) free() {
	for _, address := range m.global {
		// It was allocated here: only a second Close could find it missing.
		_ = m.driver.memory.release(address, false)
	}
	m.global = nil
}

// Kernel finds a kernel by name.
func (m *module) Kernel(name string) (device.Kernel, error) {
	k, ok := m.kernels[name]
	if !ok {
		return nil, misuse("the module has no kernel %q", name)
	}
	return k, nil
}

// Close frees the module's variables.
func (m *module) Close() error {
	m.driver.drain()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		m.free()
	}
	return nil
}

func (m *module) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// Name is that in the PTX.
func (k *kernel) Name() string { return k.program.name }

// Resources leaves the registers open: only a real driver assigns them.
func (k *kernel) Resources() device.Resources {
	threads := threadsPerBlock
	if k.program.threads > 0 {
		threads = min(threads, k.program.threads)
	}
	return device.Resources{Local: k.program.local, Shared: k.program.shared, Threads: threads}
}

// Occupancy is limited by threads, blocks and shared memory.
func (k *kernel) Occupancy(threads, shared int) (int, error) {
	if threads <= 0 || threads > k.Resources().Threads || shared < 0 || k.program.shared+shared > k.module.driver.options.SharedMemory {
		return 0, misuse("blocks of %d threads and %d bytes of dynamic shared memory cannot run %q", threads, shared, k.program.name)
	}
	whole := (threads + lanesPerWarp - 1) / lanesPerWarp * lanesPerWarp
	n := min(threadsPerMultiprocessor/whole, blocksPerMultiprocessor)
	if total := k.program.shared + shared; total > 0 {
		n = min(n, k.module.driver.options.SharedMemory/total)
	}
	return n, nil
}

//go:build linux && (amd64 || arm64)

package cuda

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

type module struct {
	driver   *driver
	handle   uintptr
	unloaded atomic.Bool

	mu      sync.Mutex // guards kernels
	kernels map[string]*kernel
}

// Load translates PTX, or takes from the cache what was made of it before. The
// translation does not stop when the context ends; its result is dropped then.
func (d *driver) Load(ctx context.Context, ptx []byte) (device.Module, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	key := d.cache.key(ptx)
	if cubin := d.cache.load(key); cubin != nil {
		m, err := d.loadModule(cubin)
		if err == nil || d.failed.Load() != nil {
			return m, err
		}
		d.cache.damaged.Add(1) // the digest is right, and yet this driver does not take it
	}
	cubin, err := d.translate(ptx)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, err := d.loadModule(cubin)
	if err != nil {
		return nil, err
	}
	d.cache.save(key, cubin)
	return m, nil
}

// loadModule makes a module of machine code.
func (d *driver) loadModule(cubin []byte) (device.Module, error) {
	m := &module{driver: d, kernels: map[string]*kernel{}}
	r := d.library.call(cuModuleLoadData, uintptr(unsafe.Pointer(&m.handle)), uintptr(unsafe.Pointer(unsafe.SliceData(cubin))))
	if r != success {
		return nil, d.failure(cuModuleLoadData, r)
	}
	d.keep(kindModule, m)
	return m, nil
}

// linking is what the library is told of a translation: where to write what is wrong with
// the code. It writes there until the link is destroyed.
type linking struct {
	options [2]int32
	values  [2]uintptr
	log     [8192]byte
}

const (
	jitErrorLog     = 5
	jitErrorLogSize = 6
	jitInputPTX     = 1
)

// translate makes machine code of PTX. The library's linker does it, because unlike
// cuModuleLoadData it gives the code out.
func (d *driver) translate(ptx []byte) ([]byte, error) {
	link := &linking{options: [2]int32{jitErrorLog, jitErrorLogSize}}
	var pinner runtime.Pinner
	pinner.Pin(link)
	defer pinner.Unpin()
	link.values = [2]uintptr{uintptr(unsafe.Pointer(&link.log)), uintptr(len(link.log) - 1)}

	l := d.library
	var state uintptr
	if r := l.call(cuLinkCreate, uintptr(len(link.options)), uintptr(unsafe.Pointer(&link.options)), uintptr(unsafe.Pointer(&link.values)), uintptr(unsafe.Pointer(&state))); r != success {
		return nil, d.failure(cuLinkCreate, r)
	}
	cubin, failed, r := d.complete(state, ptx)
	if destroyed := l.call(cuLinkDestroy, state); r == success {
		failed, r = cuLinkDestroy, destroyed
	}
	if r == success {
		return cubin, nil
	}
	err := d.failure(failed, r)
	var failure *diag.Diagnostic
	if !errors.As(err, &failure) || failure.Code != device.CodeCode && failure.Code != device.CodeDriver {
		return nil, err
	}
	log := strings.TrimSpace(text(&link.log[0]))
	// Whatever the result: if there is a log it tells what is wrong with the code; and
	// cuLinkAddData is given nothing else that could be wrong.
	if failure.Code == device.CodeDriver && (log != "" || failed == cuLinkAddData && r == invalidValue) {
		failure = unusable("%s gives %s", symbolNames[failed], l.name(r))
	}
	if log != "" {
		failure.Note("the translation of PTX says: %s", log)
	}
	return nil, failure
}

// unusable is an error about code, whatever the result.
func unusable(format string, arguments ...any) *diag.Diagnostic {
	return diag.New(device.CodeCode, "the driver of the GPU cannot use the code: %s", fmt.Sprintf(format, arguments...)).
		Helpf("compile again for the GPU that is there")
}

func (d *driver) complete(state uintptr, ptx []byte) ([]byte, symbol, result) {
	l := d.library
	source := append(slices.Clip(ptx), 0) // a copy that ends as C wants it
	name := []byte("heddle\x00")
	const noOptions = 0
	if r := l.call(cuLinkAddData, state, jitInputPTX, uintptr(unsafe.Pointer(&source[0])), uintptr(len(source)), uintptr(unsafe.Pointer(&name[0])), noOptions, 0, 0); r != success {
		return nil, cuLinkAddData, r
	}
	var image *byte
	var size uintptr
	if r := l.call(cuLinkComplete, state, uintptr(unsafe.Pointer(&image)), uintptr(unsafe.Pointer(&size))); r != success {
		return nil, cuLinkComplete, r
	}
	return slices.Clone(unsafe.Slice(image, size)), 0, success // the link owns the image
}

// funcAttribute is a CUfunction_attribute.
type funcAttribute int

const (
	funcThreads       funcAttribute = 0
	funcShared        funcAttribute = 1
	funcLocal         funcAttribute = 3
	funcRegisters     funcAttribute = 4
	funcDynamicShared funcAttribute = 8
)

func (m *module) Kernel(name string) (device.Kernel, error) {
	if strings.IndexByte(name, 0) >= 0 {
		return nil, misuse("the name of a kernel holds a zero byte")
	}
	if err := m.driver.enter(); err != nil {
		return nil, err
	}
	defer m.driver.leave()
	if m.unloaded.Load() {
		return nil, misuse("the module has been closed")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.kernels[name]; k != nil {
		return k, nil
	}
	l := m.driver.library
	k := &kernel{module: m, name: name}
	symbolName := append([]byte(name), 0)
	r := l.call(cuModuleGetFunction, uintptr(unsafe.Pointer(&k.handle)), m.handle, uintptr(unsafe.Pointer(&symbolName[0])))
	if r == notFound {
		return nil, unusable("it has no kernel %q", name)
	}
	if r != success {
		return nil, m.driver.failure(cuModuleGetFunction, r)
	}
	for _, a := range []struct {
		attribute funcAttribute
		value     *int
	}{
		{funcThreads, &k.resources.Threads},
		{funcShared, &k.resources.Shared},
		{funcLocal, &k.resources.Local},
		{funcRegisters, &k.resources.Registers},
		{funcDynamicShared, &k.dynamic},
	} {
		var value int32
		if r := l.call(cuFuncGetAttribute, uintptr(unsafe.Pointer(&value)), uintptr(a.attribute), k.handle); r != success {
			return nil, m.driver.failure(cuFuncGetAttribute, r)
		}
		*a.value = int(value)
	}
	m.kernels[name] = k
	return k, nil
}

// Close unloads the module. Work with its kernels must be done.
func (m *module) Close() error { return m.driver.discard(kindModule, m, cuModuleUnload) }

func (m *module) destroy() result {
	m.unloaded.Store(true)
	return m.driver.library.call(cuModuleUnload, m.handle)
}

type kernel struct {
	module    *module
	handle    uintptr
	name      string
	resources device.Resources

	mu      sync.Mutex
	dynamic int // bytes of dynamic shared memory that a launch may ask for now
}

func (k *kernel) Name() string                { return k.name }
func (k *kernel) Resources() device.Resources { return k.resources }

// allow raises how much dynamic shared memory launches may ask for: above 48 KiB it must
// be said before. It is called inside of a call.
func (k *kernel) allow(shared int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if shared <= k.dynamic {
		return nil
	}
	d := k.module.driver
	if r := d.library.call(cuFuncSetAttribute, k.handle, uintptr(funcDynamicShared), uintptr(shared)); r != success {
		return d.failure(cuFuncSetAttribute, r)
	}
	k.dynamic = shared
	return nil
}

// Occupancy is 0 for blocks that the kernel or the device cannot have.
func (k *kernel) Occupancy(threads, shared int) (int, error) {
	d := k.module.driver
	if threads < 1 || shared < 0 {
		return 0, misuse("the occupancy of blocks of %d threads and %d bytes was asked for", threads, shared)
	}
	if threads > k.resources.Threads || shared > d.properties.SharedMemory-k.resources.Shared {
		return 0, nil
	}
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.leave()
	if k.module.unloaded.Load() {
		return 0, misuse("the module of the kernel %q has been closed", k.name)
	}
	if err := k.allow(shared); err != nil {
		return 0, err
	}
	var blocks int32
	r := d.library.call(cuOccupancyMaxActiveBlocksPerMultiprocessor, uintptr(unsafe.Pointer(&blocks)), k.handle, uintptr(threads), uintptr(shared))
	return int(blocks), d.check(cuOccupancyMaxActiveBlocksPerMultiprocessor, r)
}

//go:build linux && (amd64 || arm64)

package cuda

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// compiled are the libraries that gcc made of testdata/libcuda.c, by its flags.
var compiled struct {
	mu        sync.Mutex
	directory string
	libraries map[string][]byte
}

func TestMain(m *testing.M) {
	code := m.Run()
	if compiled.directory != "" {
		_ = os.RemoveAll(compiled.directory)
	}
	os.Exit(code)
}

// compile gives the bytes of the library for tests.
func compile(t testing.TB, flags ...string) []byte {
	t.Helper()
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("the library for tests is written in C, and there is no gcc")
	}
	compiled.mu.Lock()
	defer compiled.mu.Unlock()
	name := "libcuda"
	for _, flag := range flags {
		name += flag
	}
	if library := compiled.libraries[name]; library != nil {
		return library
	}
	if compiled.directory == "" {
		if compiled.directory, err = os.MkdirTemp("", "heddle-cuda"); err != nil {
			t.Fatal(err)
		}
		compiled.libraries = map[string][]byte{}
	}
	path := filepath.Join(compiled.directory, name+".so")
	arguments := append([]string{"-shared", "-fPIC", "-O1", "-pthread", "-o", path, "testdata/libcuda.c"}, flags...)
	if output, err := exec.Command(compiler, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, output)
	}
	if compiled.libraries[name], err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return compiled.libraries[name]
}

// mock is a library for tests of its own: each test gets a copy under another name,
// which the loader takes for another library, with state of its own.
type mock struct {
	testing.TB
	path   string
	handle uintptr
}

func newMock(t testing.TB, flags ...string) *mock {
	t.Helper()
	library := compile(t, flags...)
	m := &mock{TB: t, path: filepath.Join(t.TempDir(), "libcuda.so.1")}
	if err := os.WriteFile(m.path, library, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if m.handle, err = purego.Dlopen(m.path, purego.RTLD_NOW|purego.RTLD_LOCAL); err != nil {
		t.Fatal(err)
	}
	return m
}

//go:uintptrescapes
func (m *mock) call(function string, arguments ...uintptr) int64 {
	m.Helper()
	address, err := purego.Dlsym(m.handle, function)
	if err != nil {
		m.Fatal(err)
	}
	r, _, _ := purego.SyscallN(address, arguments...)
	return int64(r)
}

func (m *mock) set(name string, value int64) {
	c := append([]byte(name), 0)
	m.call("mock_set", uintptr(unsafe.Pointer(&c[0])), uintptr(value))
}

// fail makes the nth call from now of a function give a result.
func (m *mock) fail(s symbol, nth int, r result) {
	c := append([]byte(symbolNames[s]), 0)
	m.call("mock_fail", uintptr(unsafe.Pointer(&c[0])), uintptr(nth), uintptr(r))
}

func (m *mock) calls(s symbol) int {
	c := append([]byte(symbolNames[s]), 0)
	return int(m.call("mock_calls", uintptr(unsafe.Pointer(&c[0]))))
}

// live is how many objects and allocations there are.
func (m *mock) live() int { return int(m.call("mock_live")) }

// open opens the device of the library; at the end of the test nothing may be left.
func (m *mock) open(change ...func(*Options)) *driver {
	m.Helper()
	options := Options{Library: m.path}
	for _, c := range change {
		c(&options)
	}
	opened, err := Open(m.Context(), options)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		if err := opened.Close(); err != nil {
			m.Errorf("Close: %v", err)
		}
		if live := m.live(); live != 0 {
			m.Errorf("%d objects are left after Close", live)
		}
	})
	return opened.(*driver)
}

func must[T any](t testing.TB) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code diag.Code) {
	t.Helper()
	_ = diagnostic(t, err, code)
}

// diagnostic is err, which must have the code.
func diagnostic(t testing.TB, err error, code diag.Code) *diag.Diagnostic {
	t.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != code {
		t.Fatalf("the error is %v, not %s", err, code)
	}
	return d
}

var _ device.Driver = (*driver)(nil)

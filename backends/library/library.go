package library

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

//go:embed *.cir
var sources embed.FS

//go:embed library.wasm
var portable []byte

//go:embed library_wide.wasm
var wide []byte

// Wasm gives the compiled library: the one that uses the wide-arithmetic proposal for
// engines that have it, otherwise the one that runs on all. The bytes must not be
// changed.
func Wasm(wideArithmetic bool) []byte {
	if wideArithmetic {
		return wide
	}
	return portable
}

// Digest is the hex SHA-256 of what Wasm gives.
func Digest(wideArithmetic bool) string {
	sum := sha256.Sum256(Wasm(wideArithmetic))
	return hex.EncodeToString(sum[:])
}

// Signature is how a function of the library is called.
type Signature struct {
	Parameters []ir.Type
	Results    []ir.Type
	// CPU tells why kernels on a GPU cannot call it, "" when they can.
	CPU string
}

// Functions finds the functions of the library one by one: what has been asked for is
// parsed, with what stands in the same file. It is safe for concurrent use.
func Functions() *Finder { return &finder }

// Finder finds functions of the library by name.
type Finder struct {
	mu     sync.Mutex
	parsed map[string]*ir.Module // by file
}

var finder Finder

// Function gives a function, exported or not, nil when there is none of that name. It
// must not be changed.
func (f *Finder) Function(name string) *ir.Function {
	f.mu.Lock()
	defer f.mu.Unlock()
	heading := []byte("kern @" + name + "(")
	for _, file := range files() {
		if !bytes.Contains(file.text, heading) {
			continue
		}
		module := f.parsed[file.name]
		if module == nil {
			module = parse(file)
			if f.parsed == nil {
				f.parsed = map[string]*ir.Module{}
			}
			f.parsed[file.name] = module
		}
		return module.Function(name)
	}
	return nil
}

// file is one of the embedded files of CIR text.
type file struct {
	name string
	text []byte
}

// files are all of them.
var files = sync.OnceValue(func() []file {
	entries, err := sources.ReadDir(".")
	if err != nil {
		panic("BUG: " + err.Error()) // the file system is part of the program
	}
	var all []file
	for _, entry := range entries {
		text, err := sources.ReadFile(entry.Name())
		if err != nil {
			panic("BUG: " + err.Error())
		}
		all = append(all, file{entry.Name(), text})
	}
	return all
})

func parse(f file) *ir.Module {
	module, problems := ir.Parse(diag.NewFile(f.name, string(f.text)))
	if problems.HasErrors() {
		panic(fmt.Sprintf("BUG: %s: %v", f.name, problems))
	}
	return module
}

// Source gives the library as one module of kern functions. It is parsed once and must
// not be changed.
func Source() *ir.Module { return source() }

var source = sync.OnceValue(func() *ir.Module {
	module := &ir.Module{}
	for _, f := range files() {
		module.Functions = append(module.Functions, parse(f).Functions...)
	}
	// The order of functions does not depend on the files that they stand in.
	slices.SortFunc(module.Functions, func(a, b *ir.Function) int { return strings.Compare(a.Name, b.Name) })
	return module
})

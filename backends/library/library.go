package library

import (
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

// Source gives the library as one module of kern functions. It is parsed once and must
// not be changed.
func Source() *ir.Module { return source() }

var source = sync.OnceValue(func() *ir.Module {
	files, err := sources.ReadDir(".")
	if err != nil {
		panic("BUG: " + err.Error()) // the file system is part of the program
	}
	module := &ir.Module{}
	for _, entry := range files {
		text, err := sources.ReadFile(entry.Name())
		if err != nil {
			panic("BUG: " + err.Error())
		}
		part, problems := ir.Parse(diag.NewFile(entry.Name(), string(text)))
		if problems.HasErrors() {
			panic(fmt.Sprintf("BUG: %s: %v", entry.Name(), problems))
		}
		module.Functions = append(module.Functions, part.Functions...)
	}
	// The order of functions does not depend on the files that they stand in.
	slices.SortFunc(module.Functions, func(a, b *ir.Function) int { return strings.Compare(a.Name, b.Name) })
	return module
})

package local

import (
	"path/filepath"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/runtime/bundle"
)

// Bundle packs a statement that was compiled with KeepFlow. compiler is the version of
// Heddle.
func Bundle(c *Compiled, compiler string) (*bundle.Bundle, error) {
	decoded, err := encode.Decode(c.Wasm)
	if err != nil {
		return nil, err
	}
	return &bundle.Bundle{
		Manifest: bundle.Manifest{
			Name: filepath.Base(c.File.Name), Compiler: compiler, Features: decoded.Features.Names(),
			Capabilities: bundle.Capabilities(c.Program), Program: c.Program,
		},
		Wasm: c.Wasm, Source: c.File.Text, Flow: c.Flow.String(),
	}, nil
}

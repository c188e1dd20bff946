// Package all links every engine that the build allows into a program: wazero
// always, wasmtime where cgo is there. Import it for its effect and open
// engines by name with engine.Open.
package all

import _ "github.com/heddle-lang/heddle/runtime/engine/wazero" // registers the engine

//go:build cgo

package all

import _ "github.com/heddle-lang/heddle/runtime/engine/wasmtime" // registers the engine

package bundle

import "github.com/heddle-lang/heddle/internal/diag"

var (
	// CodeDamaged is the code of a bundle that is no bundle, or is not whole.
	CodeDamaged = diag.Register(diag.CodeInfo{
		Code: "E0701", Title: "damaged bundle",
		Explanation: `The file is not a bundle, or some of its bytes are not those that were written. The
message says which section is affected. Nothing of it was run.

Example:

    error[E0701]: q1.heddle: section "wasm" does not match its digest

What to do: copy the bundle again, or build it again from its source.`,
	})
	// CodeVersion is the code of a bundle of another version of the format.
	CodeVersion = diag.Register(diag.CodeInfo{
		Code: "E0702", Title: "bundle of another version",
		Explanation: `The bundle was written by a release of Heddle whose bundles have another form.

What to do: build it again with this release, or run it with that one.`,
	})
	// CodeManifest is the code of a manifest that cannot be understood.
	CodeManifest = diag.Register(diag.CodeInfo{
		Code: "E0703", Title: "unreadable manifest of a bundle",
		Explanation: `The digests of the bundle hold, but its manifest is not what this release expects. The
bundle was made by other means than heddle build, or by an incompatible release.

What to do: build it again with this release.`,
	})
	// CodeFeature is the code of a bundle that needs what the engine has not.
	CodeFeature = diag.Register(diag.CodeInfo{
		Code: "E0704", Title: "the engine lacks a feature that the bundle needs",
		Explanation: `The code in the bundle uses an extension of WebAssembly that the chosen engine does not
have.

Example:

    heddle build q.sql --engine wasmtime -o q.heddle     # uses wide arithmetic
    heddle run q.heddle --engine wazero                  # has none

What to do: run it on the engine that it was built for, or build it with
--engine wazero: such code runs on both.`,
	})
)

package native

import "github.com/heddle-lang/heddle/runtime/store"

// Extension ends the names of native files.
const Extension = ".htab"

func init() {
	store.RegisterFormat(store.Format{Name: "native", Extensions: []string{Extension}, Open: Open, Write: Write})
}

package place

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Default is the name of the built-in profile of a machine without a GPU: a server with
// 16 threads.
const Default = "cpu16"

//go:embed profiles/*.json
var builtin embed.FS

// Builtin gives a built-in profile. An unknown name is E0957. The CPU of all of them is
// that of Default; where a machine was measured, its CPU goes with the GPU of one of
// these (Profile.WithGPU).
func Builtin(name string) (*Profile, error) {
	names := Names()
	if !slices.Contains(names, strings.ToLower(name)) {
		d := diag.New(CodeGPU, "there is no profile of a GPU %q", name)
		if near, ok := diag.Suggest(name, names); ok {
			return nil, d.Helpf("did you mean %q?", near)
		}
		return nil, d.Helpf("there are %s", strings.Join(names, ", "))
	}
	base := read(Default)
	if name = strings.ToLower(name); name == Default {
		return base, nil
	}
	p := read(name)
	p.CPU, p.Assumptions = base.CPU, base.Assumptions
	return p, nil
}

// Names lists the built-in profiles.
func Names() []string {
	entries, err := builtin.ReadDir("profiles")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".json"))
	}
	return names
}

// Like finds the built-in profile of a GPU by the name that its driver gives it, such as
// "NVIDIA L40S": the one with the longest name that is part of it.
func Like(device string) (name string, found bool) {
	plain := strings.ToLower(strings.ReplaceAll(device, " ", ""))
	for _, known := range Names() {
		if strings.Contains(plain, known) && len(known) > len(name) {
			name, found = known, true
		}
	}
	return name, found
}

// read decodes an embedded profile. Those of GPUs lack the CPU.
func read(name string) *Profile {
	data, err := builtin.ReadFile(path.Join("profiles", name+".json"))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	p, err := parse(data)
	if err != nil {
		panic("BUG: the built-in profile " + name + ": " + err.Error())
	}
	return p
}

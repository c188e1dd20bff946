package place

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

// ProfileVersion is the version of the form in which profiles are written.
const ProfileVersion = 1

// Profile says how fast a machine is. Sizes are in bytes, times in seconds, rates per
// second: of bytes, rows, probes, or updates of a record.
type Profile struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	// Notes say where the figures come from, for people.
	Notes       []string    `json:"notes,omitempty"`
	CPU         CPU         `json:"cpu"`
	GPU         *GPU        `json:"gpu,omitempty"` // nil: there is none
	Assumptions Assumptions `json:"assumptions"`
}

// Source says how figures are known.
type Source string

// The sources of figures.
const (
	Measured  Source = "measured"
	Published Source = "published" // or derived from what is published
)

// CPU describes the processors and their memory. Rates without another note are those
// of one thread.
type CPU struct {
	Name    string  `json:"name"`
	Source  Source  `json:"source"`
	Threads float64 `json:"threads"`
	// Cache is the size of the last cache, in bytes.
	Cache float64 `json:"cache"`
	// ScanBytes is the bytes of columns that a thread filters and adds up.
	ScanBytes float64 `json:"scanBytes"`
	// MemoryBytes bounds the bytes that all threads together read from memory.
	MemoryBytes float64 `json:"memoryBytes"`
	// CopyBytes is how fast a thread copies memory.
	CopyBytes float64 `json:"copyBytes"`
	// FileBytes is how fast a thread reads a file that the system has in memory.
	FileBytes float64 `json:"fileBytes"`
	// Rows is the rows that a thread takes through a pipeline that does little with them.
	Rows float64 `json:"rows"`
	// Inserts is the records that a thread appends to a buffer or hash table, Links
	// those that it puts into a hash table's directory.
	Inserts float64 `json:"inserts"`
	Links   float64 `json:"links"`
	// Probes of a hash table, in the cache and beyond it.
	CachedProbes float64 `json:"cachedProbes"`
	Probes       float64 `json:"probes"`
	// Updates of the groups of an aggregate: of each field, where few groups are possible,
	// and of all fields together, where groups are found by hashing, in the cache and beyond
	// it.
	DirectUpdates float64 `json:"directUpdates"`
	CachedUpdates float64 `json:"cachedUpdates"`
	Updates       float64 `json:"updates"`
	// Comparisons is n * log2(n) of n records, over the time in which a thread sorts them.
	Comparisons float64 `json:"comparisons"`
	// Morsel is the rows that a thread takes at once, Start what a pipeline takes however
	// few rows it has.
	Morsel float64 `json:"morsel"`
	Start  float64 `json:"start"`
}

// GPU describes a device and the way to it. Rates are those of the whole device.
type GPU struct {
	Name   string `json:"name"`
	Source Source `json:"source"`
	// Memory is the size of the device's memory in bytes, Records what of it the records
	// of all states and the text of columns can take.
	Memory  float64 `json:"memory"`
	Records float64 `json:"records"`
	// Cache is the size of the L2 cache, in bytes.
	Cache           float64 `json:"cache"`
	Multiprocessors float64 `json:"multiprocessors"`
	// Blocks is how many blocks of a kernel each multiprocessor gets.
	Blocks float64 `json:"blocks"`
	// Partials is about how many bytes of partial records the blocks of a launch leave at
	// the most.
	Partials float64 `json:"partials"`
	// CopyIn and CopyOut are the bytes per second over the bus, from and to pinned memory;
	// CopyStart is what a copy takes however small it is.
	CopyIn    float64 `json:"copyIn"`
	CopyOut   float64 `json:"copyOut"`
	CopyStart float64 `json:"copyStart"`
	// Launch is what giving one kernel takes, Synchronize what waiting for it takes beyond
	// its own time.
	Launch      float64 `json:"launch"`
	Synchronize float64 `json:"synchronize"`
	// Compile is what making PTX of a program takes, and KernelCompile what each of its
	// kernels adds.
	Compile       float64 `json:"compile"`
	KernelCompile float64 `json:"kernelCompile"`
	// Load is what translating the PTX of a program takes, and KernelLoad what each of
	// its kernels adds.
	Load       float64 `json:"load"`
	KernelLoad float64 `json:"kernelLoad"`
	// MemoryBytes is the bytes that kernels read from the device's memory.
	MemoryBytes float64 `json:"memoryBytes"`
	// Rows bounds the rows that kernels handle, by instructions.
	Rows float64 `json:"rows"`
	// Probes of a hash table, in the cache and beyond it.
	CachedProbes float64 `json:"cachedProbes"`
	Probes       float64 `json:"probes"`
	// Updates of a field of groups by atomic operations: in shared memory, in the cache and
	// beyond it; SameUpdates is how many of one field are possible.
	SharedUpdates float64 `json:"sharedUpdates"`
	CachedUpdates float64 `json:"cachedUpdates"`
	Updates       float64 `json:"updates"`
	SameUpdates   float64 `json:"sameUpdates"`
}

// Assumptions stand in for what nobody knows of a program.
type Assumptions struct {
	// Rows is taken for the rows of a table that tells none.
	Rows float64 `json:"rows"`
	// Passing is the fraction of a source's rows that meets the conditions before probes
	// and before an aggregate.
	Passing float64 `json:"passing"`
	// TextBytes is the length of a text.
	TextBytes float64 `json:"textBytes"`
	// Factor is by how much an estimate may be wrong, in either direction.
	Factor float64 `json:"factor"`
}

// Limits of what a profile may claim, so that no sum of costs is infinite.
const (
	leastFigure = 1e-12
	mostFigure  = 1e18
	mostProfile = 1 << 20 // bytes of a file
	mostText    = 1000    // bytes of a name or a note
)

// WithGPU gives the profile of a machine with the CPU of p and the GPU of another
// profile; nil takes the GPU away.
func (p *Profile) WithGPU(other *Profile) *Profile {
	merged := *p
	merged.GPU = nil
	if other != nil && other.GPU != nil {
		gpu := *other.GPU
		merged.GPU = &gpu
		merged.Name = p.CPU.Name + " with " + gpu.Name
	}
	return &merged
}

// Check reports the first figure that no machine has as a diagnostic E0956.
func (p *Profile) Check() error {
	bad := func(format string, arguments ...any) error {
		return diag.New(CodeProfile, "the profile cannot be used: "+format, arguments...).Helpf("measure the machine again: heddle calibrate")
	}
	if p.Version != ProfileVersion {
		return bad("it has version %d, and this release reads version %d", p.Version, ProfileVersion)
	}
	texts := append([]string{p.Name, p.CPU.Name}, p.Notes...)
	sources := []Source{p.CPU.Source}
	if p.GPU != nil {
		texts, sources = append(texts, p.GPU.Name), append(sources, p.GPU.Source)
	}
	for _, text := range texts {
		if len(text) > mostText {
			return bad("a name or note has %d bytes, at most %d are read", len(text), mostText)
		}
	}
	for _, source := range sources {
		if source != Measured && source != Published {
			return bad("figures are %q, neither measured nor published", string(source))
		}
	}
	for _, f := range p.Figures() {
		if math.IsNaN(f.Value) || f.Value < leastFigure || f.Value > mostFigure {
			return bad("%s is %g", f.Name, f.Value)
		}
	}
	if p.CPU.Threads < 1 || p.Assumptions.Passing > 1 || p.Assumptions.Factor < 1 {
		return bad("cpu.threads and assumptions.factor are 1 at least, assumptions.passing at most")
	}
	return nil
}

// Decode reads a profile, of which nothing is believed before it is checked. Errors are
// E0956.
func Decode(data []byte) (*Profile, error) {
	p, err := parse(data)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// parse reads a profile whose figures are still to be checked.
func parse(data []byte) (*Profile, error) {
	if len(data) > mostProfile {
		return nil, diag.New(CodeProfile, "the profile cannot be used: it has %d bytes, at most %d are read", len(data), mostProfile)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	p := &Profile{}
	if err := decoder.Decode(p); err != nil {
		return nil, diag.New(CodeProfile, "the profile cannot be read: %v", err).Helpf("measure the machine again: heddle calibrate")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, diag.New(CodeProfile, "the profile cannot be read: something stands behind its end")
	}
	return p, nil
}

// Encode writes a profile as JSON, for machines and people.
func (p *Profile) Encode() ([]byte, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	return append(data, '\n'), err
}

// Load reads the profile of a file. A file that is not there is fs.ErrNotExist; other
// errors are E0956.
func Load(files system.Files, path string) (*Profile, error) {
	info, err := files.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil && info.Size() > mostProfile {
		return nil, diag.New(CodeProfile, "%s is no profile: it has %d bytes", path, info.Size())
	}
	var data []byte
	if err == nil {
		data, err = files.ReadFile(path)
	}
	if err != nil {
		return nil, diag.New(CodeProfile, "the profile %s cannot be read: %v", path, err)
	}
	p, err := Decode(data)
	if list, ok := diag.FromError(err); err != nil && ok {
		return nil, list[0].Note("it was read from %s", path)
	}
	return p, err
}

// Save writes a profile to a file, whole or not at all, and makes its directory.
func (p *Profile) Save(files system.Files, path string) error {
	data, err := p.Encode()
	if err != nil {
		return err
	}
	if err = files.MkdirAll(filepath.Dir(path), 0o777); err == nil {
		err = system.WriteAtomic(files, path, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	}
	if err != nil {
		return diag.New(CodeProfile, "the profile cannot be written to %s: %v", path, err)
	}
	return nil
}

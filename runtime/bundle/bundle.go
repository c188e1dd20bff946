package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/program"
)

// Extension is how the names of bundle files end.
const Extension = ".heddle"

// MaxSize is the largest bundle that Read accepts, in bytes.
const MaxSize = 256 << 20

const (
	magic         = "heddle\x00"
	formatVersion = 1
	headerSize    = len(magic) + 1 + 4 + sha256.Size
	maxContents   = 1 << 20
	maxSections   = 64
)

// The names of sections. Others may follow in later versions; readers ignore them.
const (
	manifestSection = "manifest"
	wasmSection     = "wasm"
	ptxSection      = "ptx"
	sourceSection   = "source"
	flowSection     = "flow"
)

// Manifest says what a program is, needs and may touch.
type Manifest struct {
	// Name is what the program was built from, for people.
	Name string
	// Compiler is the version of Heddle that built it.
	Compiler string
	// Features are the extensions of WebAssembly that the code uses.
	Features []string
	// Capabilities lists what the program may read: it is derived from the program, and
	// the runtime grants nothing else.
	Capabilities []Capability
	// GPU describes the code for GPUs; nil when there is none.
	GPU *GPU `json:",omitempty"`
	// Device is where the program asks to run: one of Devices, "" for wherever that is
	// fastest.
	Device  string `json:",omitempty"`
	Program *program.Program
}

// Devices are the places that a program can ask for.
var Devices = []string{"auto", "cpu", "gpu", "emulator"}

// Capability is the right to read some columns of a table.
type Capability struct {
	Table   string
	Columns []string
}

// Bundle is a compiled program with all that belongs to it.
type Bundle struct {
	Manifest Manifest
	Wasm     []byte
	PTX      []byte // the code for GPUs, as text; nil when Manifest.GPU is
	Source   string // the text that was compiled
	Flow     string // the optimised program at the flow level, as CIR text

	// Digest is the identity of the bundle, in hex; set by Write and Read.
	Digest string
	// Sections are the parts with their sizes and digests; set by Write and Read.
	Sections []Section
}

// Section is an entry of the table of contents.
type Section struct {
	Name   string
	Length int64
	SHA256 string // hex
}

// Capabilities derives the capabilities of a program.
func Capabilities(p *program.Program) []Capability {
	var all []Capability
	for _, scan := range p.Scans {
		at := slices.IndexFunc(all, func(c Capability) bool { return c.Table == scan.Table })
		if at < 0 {
			at = len(all)
			all = append(all, Capability{Table: scan.Table, Columns: []string{}})
		}
		for _, column := range scan.Columns {
			if !slices.Contains(all[at].Columns, column.Name) {
				all[at].Columns = append(all[at].Columns, column.Name)
			}
		}
	}
	return all
}

// Write writes a bundle. Equal bundles give equal bytes.
func (b *Bundle) Write(w io.Writer) error {
	manifest, err := json.MarshalIndent(&b.Manifest, "", " ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	var contents [][]byte
	b.Sections = nil
	add := func(name string, content []byte) {
		sum := sha256.Sum256(content)
		contents = append(contents, content)
		b.Sections = append(b.Sections, Section{Name: name, Length: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	}
	add(manifestSection, manifest)
	add(wasmSection, b.Wasm)
	if b.Manifest.GPU != nil {
		add(ptxSection, b.PTX)
	}
	add(sourceSection, []byte(b.Source))
	add(flowSection, []byte(b.Flow))
	table, err := json.Marshal(b.Sections)
	if err != nil {
		return fmt.Errorf("encode the table of contents: %w", err)
	}
	sum := sha256.Sum256(table)
	b.Digest = hex.EncodeToString(sum[:])
	header := append([]byte(magic), formatVersion)
	header = binary.LittleEndian.AppendUint32(header, uint32(len(table)))
	header = append(header, sum[:]...)
	for _, part := range slices.Concat([][]byte{header, table}, contents) {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// Is reports whether data begins like a bundle, of any version.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }

// Read reads a bundle and checks it whole. name stands in the diagnostics.
func Read(name string, data []byte) (*Bundle, error) {
	damaged := func(format string, args ...any) error {
		return diag.New(CodeDamaged, "%s: %s", name, fmt.Sprintf(format, args...)).
			Helpf("copy the bundle again, or build it again from its source")
	}
	switch {
	case len(data) > MaxSize:
		return nil, damaged("it has %d bytes, more than %d", len(data), MaxSize)
	case !Is(data):
		return nil, damaged("it does not begin like a bundle")
	case len(data) < headerSize:
		return nil, damaged("it ends within its header")
	case data[len(magic)] != formatVersion:
		return nil, diag.New(CodeVersion, "%s: it has version %d of the bundle format, this release reads version %d", name, data[len(magic)], formatVersion).
			Helpf("build it again with this release")
	}
	length := int64(binary.LittleEndian.Uint32(data[len(magic)+1:]))
	if length > maxContents || int64(headerSize)+length > int64(len(data)) {
		return nil, damaged("its table of contents does not end within the file")
	}
	digest := data[len(magic)+1+4 : headerSize]
	table := data[headerSize : int64(headerSize)+length]
	if sum := sha256.Sum256(table); !bytes.Equal(sum[:], digest) {
		return nil, damaged("its table of contents does not match its digest")
	}
	b := &Bundle{Digest: hex.EncodeToString(digest)}
	if err := json.Unmarshal(table, &b.Sections); err != nil || len(b.Sections) > maxSections {
		return nil, damaged("its table of contents cannot be read")
	}
	rest := data[int64(headerSize)+length:]
	found := map[string][]byte{}
	for _, s := range b.Sections {
		if s.Length < 0 || s.Length > int64(len(rest)) {
			return nil, damaged("section %q does not end within the file", s.Name)
		}
		content := rest[:s.Length]
		rest = rest[s.Length:]
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != s.SHA256 {
			return nil, damaged("section %q does not match its digest", s.Name)
		}
		if _, twice := found[s.Name]; twice {
			return nil, damaged("there are two sections %q", s.Name)
		}
		found[s.Name] = content
	}
	if len(rest) > 0 {
		return nil, damaged("%d bytes follow the last section", len(rest))
	}
	for _, name := range []string{manifestSection, wasmSection, sourceSection} {
		if _, ok := found[name]; !ok {
			return nil, damaged("section %q is missing", name)
		}
	}
	b.Wasm, b.Source, b.Flow = found[wasmSection], string(found[sourceSection]), string(found[flowSection])
	unreadable := func(why string) error {
		return diag.New(CodeManifest, "%s: the manifest cannot be understood: %s", name, why).Helpf("build the bundle again with this release")
	}
	decoder := json.NewDecoder(bytes.NewReader(found[manifestSection]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b.Manifest); err != nil {
		return nil, unreadable(err.Error())
	}
	if b.Manifest.Program == nil {
		return nil, unreadable("there is no program in it")
	}
	if err := b.Manifest.Program.Check(); err != nil {
		return nil, err
	}
	ptx, hasPTX := found[ptxSection]
	if device := b.Manifest.Device; device != "" && !slices.Contains(Devices, device) {
		return nil, unreadable(fmt.Sprintf("it asks to run on %q", device))
	}
	if why := checkGPU(b.Manifest.GPU, ptx, hasPTX, b.Manifest.Program); why != "" {
		return nil, unreadable(why)
	}
	if hasPTX {
		b.PTX = ptx
	}
	return b, nil
}

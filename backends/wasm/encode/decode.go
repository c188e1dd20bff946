package encode

import (
	"math"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Limits on modules, chosen like those that engines publish.
const (
	maxLocals  = 50_000
	maxNesting = 10_000
	maxArity   = 1_000
	maxPages   = 65_536
)

// Decoded is the structure of a module. Byte slices in it share memory with the
// bytes that were decoded.
type Decoded struct {
	Size     int // bytes
	Sections []Section
	Types    []FuncType
	Imports  []Import
	// The index spaces, imports first.
	FuncTypes []uint32 // type index by function index
	Tables    []TableType
	Memories  []Limits
	Globals   []GlobalType

	GlobalInits []ConstExpr // of the globals that are not imported
	Exports     []Export
	Start       *uint32
	Elements    []ElementSegment
	Functions   []Function // those that are not imported
	Data        []DataSegment
	Customs     []CustomSection
	Names       Names
	// Features are the extensions that the module needs.
	Features Feature

	module    []byte
	dataCount int // -1 without the section
	imported  [4]int
	declared  int // entries of the function section
}

// Section is the place of a section, without its header.
type Section struct {
	Name         string // "type", "import", …; for a custom section its own name
	Offset, Size int    // bytes
}

// Import is what a module wants from outside; Kind says which type counts.
type Import struct {
	Module, Name string
	Kind         ExternKind
	TypeIndex    uint32
	Table        TableType
	Memory       Limits
	Global       GlobalType
}

// Export is what a module offers.
type Export struct {
	Name  string
	Kind  ExternKind
	Index uint32
}

// SegmentMode says when a data or element segment is used.
type SegmentMode uint8

// The modes of segments.
const (
	SegmentActive      SegmentMode = iota // copied on instantiation
	SegmentPassive                        // copied by memory.init or table.init
	SegmentDeclarative                    // elements only: permits ref.func
)

// ElementSegment is a list of references for a table.
type ElementSegment struct {
	Mode      SegmentMode
	Table     uint32
	Offset    ConstExpr // when active
	Type      ValType
	Functions []uint32    // when the items are function indices
	Exprs     []ConstExpr // when they are expressions
	byExpr    bool
}

// DataSegment is a piece of initial memory.
type DataSegment struct {
	Mode   SegmentMode
	Memory uint32
	Offset ConstExpr // when active
	Bytes  []byte
}

// CustomSection is a section that has no meaning to engines.
type CustomSection struct {
	Name    string
	Payload []byte
}

// LocalRun is a number of locals of one type, declared in a row.
type LocalRun struct {
	Count uint32
	Type  ValType
}

// Function is a function that the module defines.
type Function struct {
	Index        uint32 // in the index space of functions
	TypeIndex    uint32
	Locals       []LocalRun // without the parameters
	Offset, Size int        // of locals and code in the module, bytes

	module    []byte
	codeStart int
}

// Names are the contents of the name section, nil maps where it says nothing.
type Names struct {
	Module    string
	Functions map[uint32]string
	Locals    map[uint32]map[uint32]string // by function index
	Tables    map[uint32]string
	Memories  map[uint32]string
	Globals   map[uint32]string
}

// Decode reads a module. The error is a *diag.Diagnostic: E0760 not a module,
// E0761 malformed, E0762 unsupported extension, E0763 index out of range, E0764
// beyond a limit. Time and memory are linear in len(module).
func Decode(module []byte) (*Decoded, error) {
	d := &Decoded{Size: len(module), module: module, dataCount: -1}
	r := &reader{b: module, end: len(module)}
	if len(module) < 8 || string(module[:8]) != magic+version {
		return nil, diag.New(codeNotWasm, "not a WebAssembly module: it begins with %q at byte 0x0", module[:min(8, len(module))])
	}
	r.pos = 8
	last := 0
	for r.remaining() > 0 {
		start := r.pos
		id := section(r.byte())
		size := r.u32()
		payload := r.pos
		r.bytes(size)
		if r.err != nil {
			return nil, r.err
		}
		if int(id) >= len(sectionNames) {
			r.fail(codeUnsupported, start, "section %d is not supported", id)
			return nil, r.err
		}
		if id != sectionCustom {
			if sectionRank(id) <= last {
				r.malformed(start, "%s section twice or out of order", id)
				return nil, r.err
			}
			last = sectionRank(id)
		}
		s := &reader{b: module, pos: payload, end: payload + int(size)}
		name := d.section(s, id)
		if s.err == nil && s.remaining() > 0 {
			s.malformed(s.pos, "%d bytes left over in the %s section", s.remaining(), id)
		}
		if s.err != nil {
			return nil, s.err
		}
		d.Sections = append(d.Sections, Section{Name: name, Offset: payload, Size: int(size)})
	}
	if d.declared != len(d.Functions) {
		r.malformed(r.pos, "%d functions declared, %d defined", d.declared, len(d.Functions))
	}
	if d.dataCount >= 0 && d.dataCount != len(d.Data) {
		r.malformed(r.pos, "%d data segments announced, %d present", d.dataCount, len(d.Data))
	}
	if r.err != nil {
		return nil, r.err
	}
	d.typeFeatures()
	return d, nil
}

// sectionRank returns the place of a section in the order of the format: the data
// count comes before the code although its number is higher.
func sectionRank(id section) int {
	switch {
	case id == sectionDataCount:
		return int(sectionCode)
	case id >= sectionCode:
		return int(id) + 1
	default:
		return int(id)
	}
}

func (d *Decoded) section(r *reader, id section) string {
	switch id {
	case sectionCustom:
		return d.customSection(r)
	case sectionType:
		d.typeSection(r)
	case sectionImport:
		d.importSection(r)
	case sectionFunction:
		d.declared = r.count("functions")
		for range d.declared {
			d.FuncTypes = append(d.FuncTypes, r.index("type", len(d.Types)))
		}
	case sectionTable:
		for range r.count("tables") {
			d.Tables = append(d.Tables, r.tableType())
		}
	case sectionMemory:
		for range r.count("memories") {
			d.Memories = append(d.Memories, r.memoryLimits())
		}
	case sectionGlobal:
		for n := r.count("globals"); n > 0 && r.err == nil; n-- {
			t := r.globalType()
			d.GlobalInits = append(d.GlobalInits, d.constExpr(r))
			d.Globals = append(d.Globals, t)
		}
	case sectionExport:
		d.exportSection(r)
	case sectionStart:
		index := r.index("function", len(d.FuncTypes))
		d.Start = &index
	case sectionElement:
		for n := r.count("element segments"); n > 0 && r.err == nil; n-- {
			d.Elements = append(d.Elements, d.elementSegment(r))
		}
	case sectionDataCount:
		d.dataCount = int(r.u32())
		d.Features |= FeatureBulkMemory
	case sectionCode:
		d.codeSection(r)
	case sectionData:
		for n := r.count("data segments"); n > 0 && r.err == nil; n-- {
			d.Data = append(d.Data, d.dataSegment(r))
		}
	}
	return id.String()
}

func (d *Decoded) typeSection(r *reader) {
	for n := r.count("types"); n > 0 && r.err == nil; n-- {
		start := r.pos
		if form := r.byte(); r.err == nil && form != 0x60 {
			r.fail(codeUnsupported, start, "type form 0x%02x is not supported", form)
		}
		d.Types = append(d.Types, FuncType{Params: r.valTypes(), Results: r.valTypes()})
	}
}

func (r *reader) valTypes() []ValType {
	start := r.pos
	n := r.count("types")
	if n > maxArity {
		r.fail(codeLimit, start, "signature with %d values, the limit is %d", n, maxArity)
		return nil
	}
	var types []ValType
	for range n {
		types = append(types, r.valType())
	}
	return types
}

func (d *Decoded) importSection(r *reader) {
	for n := r.count("imports"); n > 0 && r.err == nil; n-- {
		i := Import{Module: r.name(), Name: r.name()}
		start := r.pos
		i.Kind = ExternKind(r.byte())
		switch i.Kind {
		case ExternFunc:
			i.TypeIndex = r.index("type", len(d.Types))
			d.FuncTypes = append(d.FuncTypes, i.TypeIndex)
		case ExternTable:
			i.Table = r.tableType()
			d.Tables = append(d.Tables, i.Table)
		case ExternMemory:
			i.Memory = r.memoryLimits()
			d.Memories = append(d.Memories, i.Memory)
		case ExternGlobal:
			i.Global = r.globalType()
			d.Globals = append(d.Globals, i.Global)
		default:
			r.fail(codeUnsupported, start, "import kind %d is not supported", i.Kind)
			return
		}
		d.imported[i.Kind]++
		d.Imports = append(d.Imports, i)
	}
}

func (d *Decoded) exportSection(r *reader) {
	seen := map[string]bool{}
	for n := r.count("exports"); n > 0 && r.err == nil; n-- {
		start := r.pos
		e := Export{Name: r.name()}
		if seen[e.Name] {
			r.malformed(start, "two exports named %q", e.Name)
		}
		seen[e.Name] = true
		start = r.pos
		e.Kind = ExternKind(r.byte())
		switch e.Kind {
		case ExternFunc:
			e.Index = r.index("function", len(d.FuncTypes))
		case ExternTable:
			e.Index = r.index("table", len(d.Tables))
		case ExternMemory:
			e.Index = r.index("memory", len(d.Memories))
		case ExternGlobal:
			e.Index = r.index("global", len(d.Globals))
		default:
			r.fail(codeUnsupported, start, "export kind %d is not supported", e.Kind)
		}
		d.Exports = append(d.Exports, e)
	}
}

func (r *reader) limits() Limits {
	start := r.pos
	flags := r.byte()
	if r.err == nil && flags > 3 {
		r.fail(codeUnsupported, start, "limits of form 0x%02x are not supported", flags)
	}
	l := Limits{Min: r.u32(), Max: math.MaxUint32, HasMax: flags&1 != 0, Shared: flags&2 != 0}
	if l.HasMax {
		l.Max = r.u32()
	}
	if r.err == nil && l.Min > l.Max {
		r.malformed(start, "minimum %d above maximum %d", l.Min, l.Max)
	}
	if !l.HasMax {
		l.Max = 0
	}
	return l
}

func (r *reader) memoryLimits() Limits {
	start := r.pos
	l := r.limits()
	if l.Min > maxPages || l.Max > maxPages {
		r.fail(codeLimit, start, "memory of %d pages, the limit is %d", max(l.Min, l.Max), maxPages)
	}
	if l.Shared && !l.HasMax {
		r.malformed(start, "shared memory without a maximum")
	}
	return l
}

func (r *reader) tableType() TableType {
	t := TableType{Elem: r.refType()}
	start := r.pos
	t.Limits = r.limits()
	if t.Limits.Shared {
		r.fail(codeUnsupported, start, "shared tables are not supported")
	}
	return t
}

func (r *reader) globalType() GlobalType {
	t := GlobalType{Type: r.valType()}
	start := r.pos
	mutable := r.byte()
	if r.err == nil && mutable > 1 {
		r.fail(codeUnsupported, start, "global flags 0x%02x are not supported", mutable)
	}
	t.Mutable = mutable == 1
	return t
}

// typeFeatures adds the features that types need to those of the instructions.
func (d *Decoded) typeFeatures() {
	add := func(t ValType) {
		switch t {
		case V128:
			d.Features |= FeatureSIMD
		case FuncRef, ExternRef:
			d.Features |= FeatureReferenceTypes
		case I32, I64, F32, F64: // in every version of Wasm
		}
	}
	for _, t := range d.Types {
		for _, p := range t.Params {
			add(p)
		}
		for _, p := range t.Results {
			add(p)
		}
		if len(t.Results) > 1 {
			d.Features |= FeatureMultiValue
		}
	}
	for _, g := range d.Globals {
		add(g.Type)
	}
	for _, t := range d.Tables {
		if t.Elem == ExternRef {
			d.Features |= FeatureReferenceTypes
		}
	}
	if len(d.Tables) > 1 {
		d.Features |= FeatureReferenceTypes
	}
}

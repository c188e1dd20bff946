package place

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/program"
)

// Mode says where pipelines may run.
type Mode string

// The modes. The zero value is ModeAuto.
const (
	ModeAuto     Mode = "auto"     // each pipeline where the whole costs least
	ModeCPU      Mode = "cpu"      // all on the CPU
	ModeGPU      Mode = "gpu"      // all that can on the GPU
	ModeEmulator Mode = "emulator" // as ModeGPU, also where the profile has no GPU
)

// Pin says where one pipeline has to run, whatever the mode.
type Pin string

// The pins.
const (
	NoPin  Pin = ""
	PinCPU Pin = "cpu"
	PinGPU Pin = "gpu"
)

// Options says what is known beside the program. Only Profile is needed.
type Options struct {
	Profile *Profile
	Mode    Mode
	// Pins are those of the pipelines, by index; those that are missing have none.
	Pins []Pin
	// Estimates, by pipeline, replace what the program itself tells; nil entries do not.
	Estimates []*Estimate
	// Resident reports that a column is in GPU memory already; nil: none is.
	Resident func(table, column string) bool
	// ColumnBytes gives the size of a column, of its text above all, where it is known;
	// nil: it never is.
	ColumnBytes func(table, column string) (bytes int64, known bool)
	// Reuse is how many runs, this one included, are expected to read what is copied to the
	// GPU; 0 stands for 1.
	Reuse float64
	// CodeMade says that PTX of the program's kernels has been made, as in a bundle, and
	// CodeLoaded that the device has it already, translated.
	CodeMade   bool
	CodeLoaded bool
	// Threads is the number of workers; 0 stands for that of the profile.
	Threads int
}

// Interval is an estimate: the likely value lies between the others.
type Interval struct{ Low, Likely, High float64 }

// Exactly is the interval of what is known.
func Exactly(value float64) Interval { return Interval{value, value, value} }

// Estimate is what is believed of a pipeline's rows.
type Estimate struct {
	Rows Interval // of the source
	// Probing are the rows that come to each of the pipeline's probes, by its index in
	// Probes; those that are missing are guessed.
	Probing []Interval
	// Filling are the rows that come to the state; nil: guessed.
	Filling *Interval
}

// PartKind names what a part of a cost pays for.
type PartKind string

// The kinds of parts.
const (
	PartStart    PartKind = "start"    // starting workers, or launching and awaiting a kernel
	PartScan     PartKind = "scan"     // reading the source, and computing with its rows
	PartProbe    PartKind = "probe"    // of hash tables
	PartUpdate   PartKind = "update"   // adding to the state
	PartFinish   PartKind = "finish"   // directories, merging groups, sorting
	PartTransfer PartKind = "transfer" // columns to the GPU
	PartOverflow PartKind = "overflow" // columns again, for want of GPU memory
	PartMove     PartKind = "move"     // states from one device to the other
	PartCompile  PartKind = "compile"  // kernels to PTX
	PartLoad     PartKind = "load"     // PTX to the GPU
)

// Part is a part of a cost, in seconds.
type Part struct {
	Kind    PartKind
	Seconds Interval
}

// Cost is what a pipeline costs on a device while all others stay where the plan has
// them: its own work, and what moving it there adds to what it shares with others. The
// difference of a pipeline's two costs is therefore that of two whole plans.
type Cost struct {
	Total Interval // seconds
	Parts []Part   // that are not zero, the greatest likely one first
}

// Decision is where a pipeline runs.
type Decision struct {
	Title  string
	Device bool // on the GPU
	CPU    Cost
	GPU    Cost // zero where there is no GPU or no kernel
	// Missing, if not "", says what keeps the pipeline from the GPU whatever it costs.
	Missing string
	// Asked says that a pin or the mode decided, and not the costs.
	Asked bool
	Why   string // one sentence without a full stop
}

// Chosen is the cost where the pipeline runs, Loser the cost on the other device.
func (d *Decision) Chosen() Cost {
	if d.Device {
		return d.GPU
	}
	return d.CPU
}

// Loser is the cost on the other device; zero where there is no choice.
func (d *Decision) Loser() Cost {
	if d.Device {
		return d.CPU
	}
	return d.GPU
}

// Column is a column that kernels of the plan read.
type Column struct {
	Table, Name string
	Bytes       float64
	Resident    bool // in GPU memory already
}

// Plan is where all pipelines run.
type Plan struct {
	Profile   string // the name of the profile
	Decisions []Decision
	// Columns are those that have to be in GPU memory.
	Columns []Column
	// Total is what the plan costs, CPUOnly what the CPU alone, and GPUMost what a GPU that
	// has all it can have would take. In seconds.
	Total, CPUOnly, GPUMost Interval
}

// Devices tells for each pipeline whether it runs on the GPU.
func (p *Plan) Devices() []bool {
	devices := make([]bool, len(p.Decisions))
	for i := range p.Decisions {
		devices[i] = p.Decisions[i].Device
	}
	return devices
}

// Place decides on which device each pipeline runs. The program has to be consistent
// (program.Check). A pin to the GPU that cannot be honoured is E0955, a profile that cannot
// be used E0956.
func Place(p *program.Program, options Options) (*Plan, error) {
	if options.Profile == nil {
		panic("BUG: no profile")
	}
	if err := options.Profile.Check(); err != nil {
		return nil, err
	}
	m := newModel(p, &options)
	fixed, err := m.fix()
	if err != nil {
		return nil, err
	}
	devices := m.search(fixed)
	plan := &Plan{Profile: options.Profile.Name, Decisions: make([]Decision, len(p.Pipelines))}
	for i := range p.Pipelines {
		d := &plan.Decisions[i]
		d.Title, d.Device, d.Missing = p.Pipelines[i].Title, devices[i], m.missing[i]
		d.Asked = fixed[i] != free && m.missing[i] == "" && m.gpu != nil
		d.CPU, d.GPU = m.costs(devices, i)
		if d.Missing != "" {
			d.GPU = Cost{}
		}
		d.Why = Sentence(d)
	}
	most := make([]bool, len(devices))
	for i := range most {
		most[i] = m.missing[i] == ""
	}
	plan.Columns = m.columnsOf(devices)
	plan.Total, plan.CPUOnly, plan.GPUMost = m.total(devices), m.total(make([]bool, len(devices))), m.total(most)
	return plan, nil
}

// choice is what is settled of a pipeline's device before the search.
type choice uint8

const (
	free choice = iota
	onCPU
	onGPU
)

// fix settles what mode, pins and capabilities settle.
func (m *model) fix() ([]choice, error) {
	fixed := make([]choice, len(m.pipelines))
	for i := range m.pipelines {
		pin := NoPin
		if i < len(m.options.Pins) {
			pin = m.options.Pins[i]
		}
		switch {
		case pin == PinGPU && m.missing[i] != "":
			return nil, diag.New(CodePin, "pipeline %d (%s) cannot run on the GPU, to which it is pinned: %s",
				i+1, m.program.Pipelines[i].Title, m.missing[i]).Helpf("take the pin away; the pipeline then runs on the CPU")
		case pin == PinGPU:
			fixed[i] = onGPU
		case pin == PinCPU, m.missing[i] != "":
			fixed[i] = onCPU
		default:
			switch m.options.Mode {
			case ModeCPU:
				fixed[i] = onCPU
			case ModeGPU, ModeEmulator:
				fixed[i] = onGPU
			case ModeAuto, "":
				if m.tooLarge(i) {
					fixed[i] = onCPU
					m.missing[i] = fmt.Sprintf("its records and text would take about %s, and %s of GPU memory are for those",
						sizeText(m.pipelines[i].records), sizeText(m.gpu.Records))
				}
			default:
				return nil, fmt.Errorf("no mode is called %q", m.options.Mode)
			}
		}
	}
	return fixed, nil
}

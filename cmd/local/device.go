package local

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/cuda"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// DeviceOptions says where the pipelines of queries may run.
type DeviceOptions struct {
	// Mode is one for all queries; a hint in a statement goes before it. The zero value
	// is place.ModeAuto.
	Mode place.Mode
	// Require makes it an error when a query does not run where the mode asks for it, instead
	// of a notice.
	Require bool
	// Memory is how many bytes of the GPU's memory may be used; 0 stands for most of it.
	Memory int64
	// GPU names the GPU to plan for, instead of the one that was measured; "" for that.
	GPU string
	// Reuse is how many runs are expected to read what is copied to the GPU; 0 stands for 1.
	Reuse float64
	// Optimize spends more time on the code of kernels.
	Optimize bool
	// Open opens the device; nil stands for the CUDA driver, or the emulator in its mode.
	Open func(ctx context.Context) (device.Driver, error)
}

// devices is what a workspace knows of GPUs. All of it is made when it is first needed,
// and what failed once is not tried again.
type devices struct {
	profile *place.Profile
	// noProfile is why the measured profile is not used, until somebody has been told.
	noProfile *diag.Diagnostic
	compiler  *ptx.Compiler
	noLLVM    error
	driver    device.Driver
	noDriver  error
	// handed are programs whose kernels have been handed to the session, which loads them
	// once.
	handed map[*program.Program]bool
}

// mostHanded bounds the programs that are remembered; then all are forgotten, and planned
// for as if they were new.
const mostHanded = 100

// hand remembers a program.
func (d *devices) hand(p *program.Program) {
	if d.handed == nil || len(d.handed) >= mostHanded {
		d.handed = map[*program.Program]bool{}
	}
	d.handed[p] = true
}

func (d *devices) close() error {
	if d.driver == nil {
		return nil
	}
	return d.driver.Close()
}

// mode is where a statement may run.
func (w *Workspace) mode(hint place.Mode) place.Mode {
	if hint != "" {
		return hint
	}
	if w.options.Device.Mode != "" {
		return w.options.Device.Mode
	}
	return place.ModeAuto
}

// wantsKernels reports whether kernels are worth making: they are asked for, or there
// seems to be a GPU.
func (w *Workspace) wantsKernels(mode place.Mode) bool {
	switch mode {
	case place.ModeCPU:
		return false
	case place.ModeGPU, place.ModeEmulator:
		return true
	default:
		return w.options.Device.GPU != "" || w.hasGPU()
	}
}

// gpuFiles are there where a GPU's driver has been loaded.
var gpuFiles = []string{"/dev/nvidiactl", "/dev/dxg"}

// hasGPU tells from files alone whether this machine seems to have a GPU: to ask its
// driver takes longer than most queries.
func (w *Workspace) hasGPU() bool {
	if w.options.Device.Open != nil {
		return true
	}
	for _, name := range gpuFiles {
		if _, err := w.system.Files.Stat(name); err == nil {
			return true
		}
	}
	return false
}

// Profile is the profile by which pipelines are placed: the measured one or else the
// built-in one, with the GPU that the options name.
func (w *Workspace) Profile() (*place.Profile, error) {
	if w.devices.profile != nil {
		return w.devices.profile, nil
	}
	profile, err := place.Builtin(place.Default)
	if err != nil {
		return nil, err
	}
	if path, err := ProfilePath(w.system); err == nil {
		measured, err := place.Load(w.system.Files, path)
		if err == nil {
			profile = measured
		} else if !errors.Is(err, fs.ErrNotExist) {
			notice := *asDiagnostic(err)
			notice.Severity = diag.Warning
			w.devices.noProfile = notice.Note("built-in figures are used instead")
		}
	}
	if name := w.options.Device.GPU; name != "" {
		named, err := w.namedGPU(name)
		if err != nil {
			return nil, err
		}
		profile = profile.WithGPU(named)
	}
	w.devices.profile = profile
	return profile, nil
}

// namedGPU is the profile of a GPU that is named, or of the file that "heddle calibrate"
// has written on the machine that has it.
func (w *Workspace) namedGPU(name string) (*place.Profile, error) {
	if filepath.Ext(name) != ".json" {
		return place.Builtin(name)
	}
	profile, err := place.Load(w.system.Files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, diag.New(place.CodeProfile, "the profile cannot be used: %s does not exist", name)
	case err == nil && profile.GPU == nil:
		return nil, diag.New(place.CodeProfile, "the profile cannot be used: %s was made without a GPU", name).
			Helpf("measure the machine that has one: heddle calibrate --device gpu --output %s", filepath.Base(name))
	}
	return profile, err
}

// ProfileNotice tells once why the measured profile is not used, nil when it is.
func (w *Workspace) ProfileNotice() *diag.Diagnostic {
	notice := w.devices.noProfile
	w.devices.noProfile = nil
	return notice
}

// limited is a profile of which no more than the given bytes of GPU memory are used.
func limited(profile *place.Profile, memory int64) *place.Profile {
	if memory <= 0 || profile.GPU == nil || profile.GPU.Memory <= float64(memory) {
		return profile
	}
	gpu := *profile.GPU
	gpu.Memory, gpu.Records = float64(memory), min(gpu.Records, float64(memory))
	less := *profile
	less.GPU = &gpu
	return &less
}

// assumedGPU is what is planned with before anybody has asked the driver.
const assumedGPU = "h200"

// Place decides where the pipelines of a program run whose kernels are not compiled, if
// they have not run before.
func (w *Workspace) Place(p *program.Program, hint place.Mode) (*place.Plan, error) {
	return w.place(p, hint, false)
}

// place does the same for a program whose PTX is made already, as in a bundle.
func (w *Workspace) place(p *program.Program, hint place.Mode, made bool) (*place.Plan, error) {
	profile, err := w.Profile()
	if err != nil {
		return nil, err
	}
	mode := w.mode(hint)
	if profile.GPU == nil && (mode == place.ModeGPU || mode == place.ModeAuto && w.hasGPU()) {
		name := assumedGPU
		if w.devices.driver != nil {
			name = likeDevice(w.devices.driver.Properties().Name)
		}
		assumed, err := place.Builtin(name)
		if err != nil {
			return nil, err
		}
		profile = profile.WithGPU(assumed)
	}
	profile = limited(profile, w.options.Device.Memory)
	options := place.Options{Profile: profile, Mode: mode, Reuse: w.options.Device.Reuse, Threads: w.options.Threads, CodeMade: made, CodeLoaded: w.devices.handed[p]}
	if options.Threads == 0 && profile.CPU.Source != place.Measured {
		options.Threads = w.system.Environment.Processors()
	}
	if w.session != nil {
		options.Resident = func(table, column string) bool { return w.resident(p, table, column) }
	}
	return place.Place(p, options)
}

// likeDevice finds the built-in profile of a device by its name, or one to assume.
func likeDevice(name string) string {
	if known, ok := place.Like(name); ok {
		return known
	}
	return assumedGPU
}

// resident reports whether a column that a program reads is in the device's memory.
func (w *Workspace) resident(p *program.Program, name, column string) bool {
	table, err := w.database.Resolve(name)
	if err != nil {
		return false
	}
	for i := range p.Scans {
		if p.Scans[i].Table != name {
			continue
		}
		for _, c := range p.Scans[i].Columns {
			if c.Name == column && w.session.Resident(table, c.Name, c.Type, c.Layout) > 0 {
				return true
			}
		}
	}
	return false
}

// compiler finds LLVM.
func (w *Workspace) compiler(ctx context.Context) (*ptx.Compiler, error) {
	d := &w.devices
	if d.compiler == nil && d.noLLVM == nil {
		options := ptx.FindOptions{Optimize: w.options.Device.Optimize}
		if dir, err := w.system.Environment.CacheDir(); err == nil && !w.options.MemoryCacheOnly {
			options.Directory = filepath.Join(dir, "ptx")
		}
		d.compiler, d.noLLVM = ptx.Find(ctx, w.system, options)
	}
	return d.compiler, d.noLLVM
}

// driver opens the device of a mode.
func (w *Workspace) driver(ctx context.Context, mode place.Mode) (device.Driver, error) {
	d := &w.devices
	if d.driver != nil || d.noDriver != nil {
		return d.driver, d.noDriver
	}
	switch {
	case w.options.Device.Open != nil:
		d.driver, d.noDriver = w.options.Device.Open(ctx)
	case mode == place.ModeEmulator:
		opened, err := emulator.Open(emulator.Options{})
		if d.noDriver = err; err == nil {
			d.driver = opened
		}
	default:
		options := cuda.Options{}
		if dir, err := w.system.Environment.CacheDir(); err == nil && !w.options.MemoryCacheOnly {
			if secret, err := cacheSecret(w.system, dir); err == nil {
				options.Cache = cuda.CubinCache{Files: w.system.Files, Directory: filepath.Join(dir, "cubin"), Secret: secret}
			}
		}
		d.driver, d.noDriver = cuda.Open(ctx, options)
	}
	return d.driver, d.noDriver
}

// GPUCode is the code of a program for GPUs: kernels of which PTX can be made, or PTX that
// was made before.
type GPUCode struct {
	Kern *ir.Module // with kernels, at the kern level; nil for PTX
	PTX  []byte
}

// KernelCode is PTX, and what it took to make it.
type KernelCode struct {
	*ptx.Code
	Compiler string        // "LLVM 22.1.8"
	Lowering time.Duration // from kernels to LLVM IR
}

// CompileKernels makes PTX of the kernels of a module for a target.
func (w *Workspace) CompileKernels(ctx context.Context, kern *ir.Module, target ptx.Target) (*KernelCode, error) {
	compiler, err := w.compiler(ctx)
	if err != nil {
		return nil, err
	}
	began := w.system.Clock.Now()
	text, err := ptx.Lower(kern, ptx.Options{Library: library.Functions()})
	if err != nil {
		return nil, err
	}
	made := &KernelCode{Compiler: "LLVM " + compiler.Version(), Lowering: w.system.Clock.Since(began)}
	made.Code, err = compiler.Compile(ctx, text, target)
	return made, err
}

// placement is what a run needs to know of the device.
type placement struct {
	plan    *place.Plan // nil: nobody asked
	kernels *exec.Kernels
	code    *KernelCode // nil when it came from a bundle
	// notices tell why something that was to run on the device does not.
	notices []*diag.Diagnostic
}

// arrange decides where the pipelines of a program run, and gets device and code ready.
// What is missing is a notice, or an error where the device is required.
func (w *Workspace) arrange(ctx context.Context, p *program.Program, code *GPUCode, hint place.Mode) (*placement, error) {
	result := &placement{}
	mode := w.mode(hint)
	if !w.wantsKernels(mode) {
		return result, nil
	}
	give := func(reason error) (*placement, error) {
		d := asDiagnostic(reason)
		if w.options.Device.Require {
			return nil, d
		}
		notice := *d
		notice.Severity = diag.Warning
		return &placement{notices: []*diag.Diagnostic{notice.Note("the query runs on the CPU instead")}}, nil
	}
	if code == nil {
		if mode == place.ModeAuto { // nobody asked for the device
			return result, nil
		}
		return give(diag.New(exec.CodeNotOnDevice, "the program was compiled without code for GPUs").Helpf("build it again: heddle build --target wasm,ptx"))
	}
	var err error
	if result.plan, err = w.place(p, hint, code.PTX != nil); err != nil {
		return nil, err
	}
	if !slices.Contains(result.plan.Devices(), true) {
		if w.options.Device.Require && mode != place.ModeAuto {
			return nil, nothingFits(result.plan)
		}
		return result, nil
	}
	known := w.devices.driver != nil
	driver, err := w.driver(ctx, mode)
	if err != nil {
		return give(err)
	}
	if !known { // with the device at hand the plan may be another
		if result.plan, err = w.place(p, hint, code.PTX != nil); err != nil {
			return nil, err
		}
		if !slices.Contains(result.plan.Devices(), true) {
			return result, nil
		}
	}
	if code.PTX != nil {
		result.kernels = &exec.Kernels{PTX: code.PTX}
		w.devices.hand(p)
		return result, nil
	}
	target, ok := ptx.For(min(driver.Properties().Architecture, ptx.DefaultTarget.Architecture))
	if !ok {
		return give(diag.New(device.CodeCode, "%s is older than all GPUs that kernels are made for", driver.Properties().Name))
	}
	if result.code, err = w.CompileKernels(ctx, code.Kern, target); err != nil {
		return give(err)
	}
	result.kernels = &exec.Kernels{PTX: result.code.PTX}
	w.devices.hand(p)
	return result, nil
}

// fallbacks tells why pipelines did not run on the device that they were placed on, each
// reason once.
func fallbacks(pipelines []exec.PipelineStats) []*diag.Diagnostic {
	var notices []*diag.Diagnostic
	for _, p := range pipelines {
		if p.Fallback == nil {
			continue
		}
		where := p.Title + ": ran on the CPU instead"
		known := slices.IndexFunc(notices, func(n *diag.Diagnostic) bool {
			return n.Code == p.Fallback.Code && n.Message == p.Fallback.Message && len(n.Notes) > len(p.Fallback.Notes) &&
				slices.Equal(n.Notes[:len(p.Fallback.Notes)], p.Fallback.Notes)
		})
		if known >= 0 {
			notices[known].Note("%s", where)
			continue
		}
		notice := *p.Fallback
		notice.Severity, notice.Notes = diag.Warning, slices.Clone(notice.Notes)
		notices = append(notices, notice.Note("%s", where))
	}
	return notices
}

// nothingFits is the error of a query of which no part can run on the GPU.
func nothingFits(plan *place.Plan) *diag.Diagnostic {
	d := diag.New(exec.CodeNotOnDevice, "no part of the query can run on the GPU, which is required")
	for i := range plan.Decisions {
		d.Note("%s: %s", plan.Decisions[i].Title, plan.Decisions[i].Why)
	}
	return d.Helpf("leave the requirement out, and the query runs on the CPU")
}

// asDiagnostic gives an error as one diagnostic.
func asDiagnostic(err error) *diag.Diagnostic {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d
	}
	return diag.New(device.CodeDriver, "%v", err)
}

package place

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Number         Unit = ""
	Bytes          Unit = "bytes"
	Seconds        Unit = "seconds"
	PerSecond      Unit = "per second"
	BytesPerSecond Unit = "bytes per second"
)

// Figure is a number of a profile.
type Figure struct {
	Name  string // as in JSON: "cpu.scanBytes"
	Title string // for people
	Unit  Unit
	Value float64
}

// Figures lists the numbers of a profile.
func (p *Profile) Figures() []Figure {
	c, a := &p.CPU, &p.Assumptions
	all := []Figure{
		{"cpu.threads", "threads", Number, c.Threads},
		{"cpu.cache", "cache", Bytes, c.Cache},
		{"cpu.scanBytes", "filtering columns, a thread", BytesPerSecond, c.ScanBytes},
		{"cpu.memoryBytes", "reading memory, all threads", BytesPerSecond, c.MemoryBytes},
		{"cpu.copyBytes", "copying memory, a thread", BytesPerSecond, c.CopyBytes},
		{"cpu.fileBytes", "reading files, a thread", BytesPerSecond, c.FileBytes},
		{"cpu.rows", "rows, a thread", PerSecond, c.Rows},
		{"cpu.inserts", "records appended, a thread", PerSecond, c.Inserts},
		{"cpu.links", "records put into a directory, a thread", PerSecond, c.Links},
		{"cpu.cachedProbes", "probes in the cache, a thread", PerSecond, c.CachedProbes},
		{"cpu.probes", "probes beyond it, a thread", PerSecond, c.Probes},
		{"cpu.directUpdates", "updates of a field of few groups, a thread", PerSecond, c.DirectUpdates},
		{"cpu.cachedUpdates", "updates of groups in the cache, a thread", PerSecond, c.CachedUpdates},
		{"cpu.updates", "updates of groups beyond it, a thread", PerSecond, c.Updates},
		{"cpu.comparisons", "comparisons of a sort, a thread", PerSecond, c.Comparisons},
		{"cpu.morsel", "rows of a morsel", Number, c.Morsel},
		{"cpu.start", "starting a pipeline", Seconds, c.Start},
		{"assumptions.rows", "rows of an unknown table", Number, a.Rows},
		{"assumptions.passing", "part of the rows that conditions let pass", Number, a.Passing},
		{"assumptions.textBytes", "length of a text", Bytes, a.TextBytes},
		{"assumptions.factor", "error of an estimate", Number, a.Factor},
	}
	if g := p.GPU; g != nil {
		all = append(all, []Figure{
			{"gpu.memory", "memory", Bytes, g.Memory},
			{"gpu.records", "memory for records and text", Bytes, g.Records},
			{"gpu.cache", "L2 cache", Bytes, g.Cache},
			{"gpu.multiprocessors", "multiprocessors", Number, g.Multiprocessors},
			{"gpu.blocks", "blocks of each multiprocessor", Number, g.Blocks},
			{"gpu.partials", "partial records of a launch", Bytes, g.Partials},
			{"gpu.copyIn", "copying to the GPU", BytesPerSecond, g.CopyIn},
			{"gpu.copyOut", "copying from the GPU", BytesPerSecond, g.CopyOut},
			{"gpu.copyStart", "starting a copy", Seconds, g.CopyStart},
			{"gpu.launch", "launching a kernel", Seconds, g.Launch},
			{"gpu.synchronize", "waiting for a kernel", Seconds, g.Synchronize},
			{"gpu.compile", "compiling kernels", Seconds, g.Compile},
			{"gpu.kernelCompile", "compiling each kernel", Seconds, g.KernelCompile},
			{"gpu.load", "loading code", Seconds, g.Load},
			{"gpu.kernelLoad", "loading each kernel", Seconds, g.KernelLoad},
			{"gpu.memoryBytes", "reading the memory", BytesPerSecond, g.MemoryBytes},
			{"gpu.rows", "rows", PerSecond, g.Rows},
			{"gpu.cachedProbes", "probes in the cache", PerSecond, g.CachedProbes},
			{"gpu.probes", "probes beyond it", PerSecond, g.Probes},
			{"gpu.sharedUpdates", "atomic updates in shared memory", PerSecond, g.SharedUpdates},
			{"gpu.cachedUpdates", "atomic updates in the cache", PerSecond, g.CachedUpdates},
			{"gpu.updates", "atomic updates beyond it", PerSecond, g.Updates},
			{"gpu.sameUpdates", "atomic updates of one word", PerSecond, g.SameUpdates},
		}...)
	}
	return all
}

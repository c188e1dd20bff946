package place

import "fmt"

// phrases say what a part of a cost is spent on.
var phrases = map[PartKind]string{
	PartStart:    "starting",
	PartScan:     "reading rows",
	PartProbe:    "probing",
	PartUpdate:   "adding to its state",
	PartFinish:   "completing states",
	PartTransfer: "copying columns to the GPU",
	PartOverflow: "copying what does not fit GPU memory",
	PartMove:     "moving records between CPU and GPU",
	PartCompile:  "compiling kernels",
	PartLoad:     "loading code",
}

// Sentence says why a pipeline runs where it does, without a full stop.
func Sentence(d *Decision) string {
	gpu, cpu := d.GPU.Total.Likely, d.CPU.Total.Likely
	switch {
	case d.Missing != "" && d.Device:
		panic("BUG: a pipeline runs on a GPU that cannot run there")
	case d.Missing != "":
		return d.Missing
	case d.Asked && d.Device:
		return fmt.Sprintf("as asked; the CPU would take %s, the GPU %s", seconds(cpu), seconds(gpu))
	case d.Asked:
		return fmt.Sprintf("as asked; the GPU would take %s, the CPU %s", seconds(gpu), seconds(cpu))
	case d.Device:
		return fmt.Sprintf("the CPU would take %s as long, most of it %s", times(cpu/gpu), spent(&d.CPU))
	default:
		return fmt.Sprintf("the GPU would take %s as long, most of it %s", times(gpu/cpu), spent(&d.GPU))
	}
}

// spent says what most of a cost is spent on.
func spent(c *Cost) string {
	if len(c.Parts) == 0 {
		return "nothing"
	}
	return phrases[c.Parts[0].Kind]
}

func times(ratio float64) string {
	if ratio < 10 {
		return fmt.Sprintf("%.1f times", ratio)
	}
	return fmt.Sprintf("%.0f times", ratio)
}

// seconds writes a time for people.
func seconds(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.0f µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.3g ms", s*1e3)
	default:
		return fmt.Sprintf("%.3g s", s)
	}
}

func sizeText(bytes float64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", bytes/(1<<10))
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MiB", bytes/(1<<20))
	default:
		return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
	}
}

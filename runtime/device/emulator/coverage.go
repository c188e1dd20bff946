package emulator

import "github.com/heddle-lang/heddle/runtime/device"

// Line is an instruction of a module and how often threads have executed it.
type Line struct {
	Kernel string
	Line   int // in the PTX, from 1
	Text   string
	Count  uint64
}

// Coverage says what has been executed of a module that this package loaded, in all
// launches that have ended. It gives nothing for a module of another driver.
func Coverage(loaded device.Module) []Line {
	m, ok := loaded.(*module)
	if !ok {
		return nil
	}
	var lines []Line
	for _, k := range m.order {
		k.mu.Lock()
		for at := range k.program.source {
			in := &k.program.source[at]
			lines = append(lines, Line{Kernel: k.program.name, Line: in.Line, Text: in.Text, Count: k.counts[at]})
		}
		k.mu.Unlock()
	}
	return lines
}

// cover adds up what a launch has executed.
func (k *kernel) cover(counts []uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at, n := range counts {
		k.counts[at] += n
	}
}

package bundle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/ir/program"
)

// GPU describes the code for GPUs in a bundle. Versions are written as one number, ten
// times the major plus the minor one: 90 for sm_90, 87 for PTX 8.7.
type GPU struct {
	// Architecture is the oldest kind of GPU that the code runs on.
	Architecture int
	// PTX is the version of the text, which says how new a driver must be.
	PTX int
	// LLVM is the version of the LLVM that made it, for people.
	LLVM string
	// Kernels are the names of all kernels, in the order of the text.
	Kernels []string
}

// Limits of PTX, far above what queries compile to.
const (
	maxPTX     = 32 << 20
	maxKernels = 1 << 14
	maxName    = 256
)

// DescribePTX reads from a PTX module what it needs and which kernels it has. llvm is the
// version of the LLVM that made it. Errors say what about the text is not as LLVM writes it.
func DescribePTX(ptx []byte, llvm string) (*GPU, error) {
	if len(ptx) > maxPTX {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(ptx), maxPTX)
	}
	// Whoever shows it need not fear for the terminal.
	if at := bytes.IndexFunc(ptx, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r > '~' }); at >= 0 {
		return nil, fmt.Errorf("byte %d is not ASCII text", at)
	}
	g := &GPU{LLVM: llvm}
	has := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(ptx))
	lines.Buffer(nil, maxPTX+1)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "//")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case ".version":
			major, minor, _ := strings.Cut(words[1], ".")
			m, err1 := strconv.ParseUint(major, 10, 8)
			n, err2 := strconv.ParseUint(minor, 10, 8)
			if err1 != nil || err2 != nil || n > 9 || g.PTX != 0 {
				return nil, fmt.Errorf("its version is %q", words[1])
			}
			g.PTX = int(10*m + n)
		case ".target":
			// A letter behind the number, as in sm_90a, binds the code to few kinds of GPU;
			// the driver knows which.
			number, ok := strings.CutPrefix(strings.TrimRight(words[1], ",af"), "sm_")
			architecture, err := strconv.ParseUint(number, 10, 16)
			if !ok || err != nil || g.Architecture != 0 {
				return nil, fmt.Errorf("its target is %q", words[1])
			}
			g.Architecture = int(architecture)
		case ".visible":
			if words[1] != ".entry" || len(words) < 3 {
				continue
			}
			name, _, _ := strings.Cut(words[2], "(")
			switch {
			case !validKernel(name):
				return nil, fmt.Errorf("no kernel can have the name %q", name)
			case has[name]:
				return nil, fmt.Errorf("there are two kernels %q", name)
			case len(has) == maxKernels:
				return nil, fmt.Errorf("it has more than %d kernels", maxKernels)
			}
			has[name] = true
			g.Kernels = append(g.Kernels, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if g.PTX == 0 || g.Architecture == 0 {
		return nil, errors.New("it does not say for which version and target it is")
	}
	return g, nil
}

// validKernel reports whether PTX can have the name.
func validKernel(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '$'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

// checkGPU says what is wrong with the code for GPUs, "" if nothing is.
func checkGPU(described *GPU, ptx []byte, hasPTX bool, p *program.Program) string {
	wanted := Kernels(p)
	switch {
	case described == nil && hasPTX:
		return "it has PTX that its manifest does not describe"
	case described == nil && len(wanted) > 0:
		return fmt.Sprintf("its program has the kernel %q, and there is no PTX", wanted[0])
	case described == nil:
		return ""
	case !hasPTX:
		return "its manifest describes PTX that is not there"
	}
	found, err := DescribePTX(ptx, described.LLVM)
	if err != nil {
		return "the PTX: " + err.Error()
	}
	if found.Architecture != described.Architecture || found.PTX != described.PTX || !slices.Equal(found.Kernels, described.Kernels) {
		return "the PTX is not the one that its manifest describes"
	}
	has := map[string]bool{}
	for _, name := range found.Kernels {
		has[name] = true
	}
	for _, name := range wanted {
		if !has[name] {
			return fmt.Sprintf("its PTX has no kernel %q", name)
		}
	}
	return ""
}

// Kernels lists the kernels that a program names.
func Kernels(p *program.Program) []string {
	var names []string
	for i := range p.Pipelines {
		if kernel := p.Pipelines[i].Kernel; kernel != nil {
			names = append(names, kernel.Function)
		}
	}
	for i := range p.States {
		if link := p.States[i].Link; link != "" {
			names = append(names, link)
		}
	}
	return names
}

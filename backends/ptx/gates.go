package ptx

import (
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

// CheckPTX tests the text of a module for what must never reach a GPU. The error is
// E0447. It finds what llc lets pass with status 0: functions that do not exist become
// external ones, unknown architectures become no code at all; and arithmetic that
// rounds otherwise than the CPU does.
func CheckPTX(ptx []byte, target Target) error {
	refuse := func(line int, format string, args ...any) error {
		d := diag.New(codeRefused, format, args...)
		if line > 0 {
			d.Note("line %d of the PTX", line)
		}
		return d
	}
	var version, architecture string
	entries, number := 0, 0
	for line := range strings.Lines(string(ptx)) {
		number++
		if at := strings.Index(line, "//"); at >= 0 {
			line = line[:at]
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0][0] == '@' && len(words) > 1 { // a predicate
			words = words[1:]
		}
		first := strings.TrimSuffix(words[0], ";")
		switch {
		case first == ".version" && len(words) == 2:
			version = words[1]
		case first == ".target" && len(words) >= 2:
			architecture = strings.TrimSuffix(words[1], ",")
		case first == ".extern":
			return refuse(number, "the code needs something that no GPU has: %s", strings.TrimSpace(line))
		case first == ".visible" && len(words) > 1 && words[1] == ".entry":
			entries++
		case first == ".func", strings.HasPrefix(first, ".visible"), strings.HasPrefix(first, ".weak"):
			return refuse(number, "the code has something besides kernels: %s", strings.TrimSpace(line))
		default:
			if what := forbidden(first); what != "" {
				return refuse(number, "the code %s: %s", what, strings.TrimSpace(line))
			}
		}
	}
	switch {
	case version != target.versionText():
		return refuse(0, "the code is of PTX %q, not %s", version, target.versionText())
	case architecture != target.String():
		return refuse(0, "the code is for %q, not %s", architecture, target)
	case entries == 0:
		return refuse(0, "the code has no kernel")
	}
	return nil
}

// forbidden says what is wrong with an instruction, "" when nothing is.
func forbidden(instruction string) string {
	name, modifiers, _ := strings.Cut(instruction, ".")
	list := strings.Split(modifiers, ".")
	has := func(modifier string) bool {
		for _, m := range list {
			if m == modifier {
				return true
			}
		}
		return false
	}
	isFloat := has("f32") || has("f64") || has("f32x2")
	switch {
	case name == "call":
		return "calls a function"
	case has("approx") || has("ftz") || has("full"):
		return "approximates"
	case isFloat && (name == "fma" || name == "mad"):
		return "fuses a multiplication and an addition"
	// Without a rounding the driver may fuse them.
	case isFloat && (name == "add" || name == "sub" || name == "mul") && !has("rn"):
		return "leaves the rounding to the driver"
	case isFloat && (name == "div" || name == "sqrt" || name == "rcp") && !has("rn"):
		return "leaves the rounding to the driver"
	default:
		return ""
	}
}

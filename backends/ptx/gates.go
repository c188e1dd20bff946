package ptx

import (
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

// CheckPTX tests the text of a module for what must never reach a GPU. The error is
// E0447. It finds what llc lets pass with status 0: functions that do not exist become
// external ones, unknown architectures become no code at all; arithmetic that rounds
// otherwise than the CPU does; and code of which a mistake of LLVM 14 is known.
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
			what := forbidden(first)
			if what == "" && takesTooMuch(words) {
				what = "takes bits from behind the end of a register, as LLVM 14 does by mistake"
			}
			if what != "" {
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

// takesTooMuch reports a bfe of more bits than stand behind its first one: what LLVM 14
// makes of a shift that keeps the sign and a mask. It has zeros there and not the sign.
func takesTooMuch(words []string) bool {
	width := map[string]int{"bfe.u32": 32, "bfe.u64": 64}[words[0]]
	if width == 0 || len(words) != 5 {
		return false
	}
	first, err1 := strconv.Atoi(strings.TrimSuffix(words[3], ","))
	count, err2 := strconv.Atoi(strings.TrimSuffix(words[4], ";"))
	return err1 == nil && err2 == nil && first+count > width
}

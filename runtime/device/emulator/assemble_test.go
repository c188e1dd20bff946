package emulator

import (
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/runtime/device"
)

// TestAssembles holds the code of these tests against NVIDIA's own assembler: what runs
// here must be PTX, and what is refused here must be no PTX, or be known to be missing.
func TestAssembles(t *testing.T) {
	assembler := ptxastest.Find(t)
	bodies, refused := map[string]string{}, map[string]string{}
	for _, test := range instructionTests {
		bodies[test.name] = test.body
	}
	for _, test := range collectiveTests {
		bodies[test.name] = test.body
	}
	for _, test := range harmless {
		bodies[test.name] = test.body
	}
	for _, test := range faultTests {
		if test.code == device.CodeCode {
			refused[test.name] = test.body
		} else {
			bodies[test.name] = test.body
		}
	}
	missing := map[string]bool{"rounding": true, "part of the block": true}
	assemble := func(t *testing.T, body string) error {
		text, architecture := strings.Replace(frame, "BODY", body, 1), 90
		if strings.Contains(body, "f32x2") {
			text, architecture = strings.Replace(text, "sm_90", "sm_100", 1), 100
		}
		_, err := assembler.Assemble(t.Context(), []byte(text), architecture)
		return err
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			if err := assemble(t, body); err != nil {
				t.Errorf("%s\n%v", body, err)
			}
		})
	}
	for name, body := range refused {
		t.Run("refused/"+name, func(t *testing.T) {
			if err := assemble(t, body); (err == nil) != missing[name] {
				t.Errorf("%s\n%v", body, err)
			}
		})
	}
}

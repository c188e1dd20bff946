package diag

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJSONDecodes reads the output the way a tool would, with its own types and
// no tolerance for names it does not know.
func TestJSONDecodes(t *testing.T) {
	type position struct{ Line, Column, Offset int }
	type label struct {
		File       string
		Start, End *position
		Message    string
		Primary    bool
	}
	type edit struct {
		File       string
		Start, End *position
		NewText    string
	}
	type fix struct {
		Message string
		Edits   []edit
	}
	type diagnostic struct {
		Severity, Code, Message string
		Labels                  []label
		Notes, Help             []string
		Fixes                   []fix
	}

	file := NewFile("größe.sql", "select 1;\nselect größe, nmae")
	at := span(t, file, "nmae", 0)
	list := List{
		New("E0213", "no column named %q", "nmae").At(file, at, "unknown").Label(file, Span{}, "no place").
			Note("a note").Helpf("some help").Fix(file, at, "name", "rename"),
		{Code: "W0001", Severity: Warning, Message: "bad \xff byte"},
	}
	var out strings.Builder
	if err := RenderJSON(&out, list); err != nil {
		t.Fatal(err)
	}
	var got []diagnostic
	decoder := json.NewDecoder(strings.NewReader(out.String()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	start, end := &position{2, 15, 26}, &position{2, 19, 30}
	want := []diagnostic{
		{
			Severity: "error", Code: "E0213", Message: `no column named "nmae"`,
			Labels: []label{
				{File: "größe.sql", Start: start, End: end, Message: "unknown", Primary: true},
				{File: "größe.sql", Message: "no place"},
			},
			Notes: []string{"a note"}, Help: []string{"some help"},
			Fixes: []fix{{Message: "rename", Edits: []edit{{File: "größe.sql", Start: start, End: end, NewText: "name"}}}},
		},
		{
			Severity: "warning", Code: "W0001", Message: "bad \ufffd byte",
			Labels: []label{}, Notes: []string{}, Help: []string{}, Fixes: []fix{},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}

	out.Reset()
	if err := RenderJSON(&out, nil); err != nil || out.String() != "[]\n" {
		t.Errorf("an empty list gives %q, %v", out.String(), err)
	}
}

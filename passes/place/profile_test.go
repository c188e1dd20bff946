package place

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

func TestBuiltin(t *testing.T) {
	want := []string{"a100", "b200", "cpu16", "h100", "h200", "l4", "l40s", "rtx4090"}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, name := range Names() {
		p := gpu(t, strings.ToUpper(name))
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (p.GPU == nil) != (name == Default) || len(p.Notes) == 0 {
			t.Errorf("%s: a GPU is there: %v, notes: %d", name, p.GPU != nil, len(p.Notes))
		}
	}
	_, err := Builtin("h20")
	if list, ok := diag.FromError(err); !ok || list[0].Code != CodeGPU || len(list[0].Help) == 0 {
		t.Errorf("an unknown name gives %v, want E0957 with help", err)
	}
}

func TestLike(t *testing.T) {
	for device, want := range map[string]string{
		"NVIDIA H200": "h200", "NVIDIA L40S": "l40s", "NVIDIA L4": "l4", "NVIDIA A100-SXM4-80GB": "a100",
		"NVIDIA GeForce RTX 4090": "rtx4090", "NVIDIA H100 80GB HBM3": "h100", "Tesla T4": "",
	} {
		if got, found := Like(device); got != want || found != (want != "") {
			t.Errorf("%s is like %q, want %q", device, got, want)
		}
	}
}

func TestWithGPU(t *testing.T) {
	laptop := gpu(t, Default)
	laptop.CPU.Name, laptop.CPU.Threads = "a laptop", 8
	both := laptop.WithGPU(gpu(t, "h200"))
	if both.Name != "a laptop with NVIDIA H200" || both.CPU.Threads != 8 || both.GPU.Memory != 141e9 {
		t.Errorf("got %q with %g threads and %g bytes", both.Name, both.CPU.Threads, both.GPU.Memory)
	}
	if laptop.GPU != nil || both.WithGPU(nil).GPU != nil {
		t.Error("the profile itself has changed, or the GPU stays")
	}
}

func TestSaveLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "profile.json")
	files := system.Real().Files
	if _, err := Load(files, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file gives %v, want fs.ErrNotExist", err)
	}
	want := gpu(t, "l4")
	if err := want.Save(files, path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(files, path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the profile has changed (-want +got):\n%s", diff)
	}
	want.CPU.Rows = math.NaN()
	if err := want.Save(files, path); !isProfileError(err) {
		t.Errorf("a bad profile gives %v, want E0956", err)
	}
	if err := got.Save(files, filepath.Join(path, "below")); !isProfileError(err) {
		t.Errorf("a file as directory gives %v, want E0956", err)
	}
	if _, err := Load(files, filepath.Dir(path)); !isProfileError(err) {
		t.Errorf("a directory gives %v, want E0956", err)
	}
}

func isProfileError(err error) bool {
	list, ok := diag.FromError(err)
	return ok && list[0].Code == CodeProfile
}

func TestDecode(t *testing.T) {
	good, err := gpu(t, "h200").Encode()
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) []byte {
		text := strings.Replace(string(good), from, to, 1)
		if text == string(good) {
			t.Fatalf("the profile has no %s", from)
		}
		return []byte(text)
	}
	tests := []struct {
		name string
		data []byte
		want string // "" for no error
	}{
		{"as written", good, ""},
		{"empty", nil, "cannot be read"},
		{"no JSON", []byte("threads = 16"), "cannot be read"},
		{"something behind", append(good[:len(good):len(good)], '{'), "behind its end"},
		{"an unknown figure", change(`"threads"`, `"threds"`), "threds"},
		{"another release", change(`"version": 1`, `"version": 2`), "version 2"},
		{"a negative rate", change(`"threads": 16`, `"threads": -16`), "cpu.threads is -16"},
		{"a figure missing", change(`"threads": 16,`, ``), "cpu.threads is 0"},
		{"no number", change(`"threads": 16`, `"threads": "many"`), "cannot be read"},
		{"half a thread", change(`"threads": 16`, `"threads": 0.5`), "at least"},
		{"faster than light", change(`"copyIn": 5`, `"copyIn": 1e30, "copyOut": 5`), "gpu.copyIn is 1e+30"},
		{"figures of nobody", change(`"source": "published"`, `"source": "felt"`), "felt"},
		{"a long name", change(`"name": "NVIDIA H200"`, `"name": "`+strings.Repeat("x", mostText+1)+`"`), "1001 bytes"},
		{"too long", make([]byte, mostProfile+1), "at most"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(test.data)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case test.want != "" && (!isProfileError(err) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want E0956 that says %q", err, test.want)
			}
		})
	}
}

// FuzzDecode: what is read is checked, is written again as it was, and places programs.
func FuzzDecode(f *testing.F) {
	for _, name := range Names() {
		p, err := Builtin(name)
		if err != nil {
			f.Fatal(err)
		}
		data, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"version":1,"cpu":{"threads":1e999}}`))
	program := star(1e9, 1e6)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			if !isProfileError(err) {
				t.Fatalf("the error %v has no code", err)
			}
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		same, err := Decode(again)
		if diff := cmp.Diff(p, same); err != nil || diff != "" {
			t.Fatalf("%v, (-read +read again):\n%s", err, diff)
		}
		plan, err := Place(program, Options{Profile: p, Reuse: 3})
		if err != nil {
			t.Fatal(err)
		}
		if total := plan.Total.Likely; math.IsNaN(total) || math.IsInf(total, 0) || total < 0 {
			t.Fatalf("the plan takes %g", total)
		}
	})
}

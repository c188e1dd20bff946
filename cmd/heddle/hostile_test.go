package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// patience is how long hostile input may take before it is cancelled, and grace how
// long it may go on then. What is demanded is one second, and a tenth; a busy machine
// and the race detector get more.
const (
	patience = 5 * time.Second
	grace    = 3 * time.Second
)

// outcome is what a command line comes to.
type outcome struct {
	exit           int
	code           string // of the first diagnostic
	stdout, stderr string
	took           time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("exit code %d after %s, %s: %.600s", o.exit, o.took.Round(time.Millisecond), o.code, o.stderr)
}

var codePattern = regexp.MustCompile(`error\[(E\d{4})\]`)

// stage runs command lines in this process: a panic or a crash ends the test.
type stage struct {
	t              *testing.T
	stdout, stderr *os.File
}

func newStage(t *testing.T) *stage {
	t.Helper()
	t.Setenv("HEDDLE_CACHE_DIR", share(t).cache)
	t.Setenv("HEDDLE_TEMP_DIR", t.TempDir())
	s := &stage{t: t}
	for _, file := range []**os.File{&s.stdout, &s.stderr} {
		made, err := os.CreateTemp(t.TempDir(), "stream")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := made.Close(); err != nil {
				t.Error(err)
			}
		})
		*file = made
	}
	return s
}

// perform runs a command line, which is cancelled when patience is at an end.
func (s *stage) perform(arguments ...string) outcome {
	s.t.Helper()
	for _, file := range []*os.File{s.stdout, s.stderr} {
		if err := errors.Join(file.Truncate(0), seekToStart(file)); err != nil {
			s.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	a := &app{system: system.Real(), stdin: os.Stdin, stdout: s.stdout, stderr: s.stderr}
	began := time.Now()
	o := outcome{exit: a.finish(ctx, a.execute(ctx, arguments))}
	o.took = time.Since(began)
	o.stdout, o.stderr = s.read(s.stdout), s.read(s.stderr)
	if found := codePattern.FindStringSubmatch(o.stderr); found != nil {
		o.code = found[1]
	}
	return o
}

func (s *stage) read(file *os.File) string {
	text, err := os.ReadFile(file.Name())
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func seekToStart(file *os.File) error {
	_, err := file.Seek(0, 0)
	return err
}

// must runs a command line that has to succeed.
func (s *stage) must(arguments ...string) outcome {
	s.t.Helper()
	o := s.perform(arguments...)
	if o.exit != exitOK {
		s.t.Fatalf("heddle %s: %s", strings.Join(arguments, " "), o)
	}
	return o
}

// refused demands that a command ends well, or with an error whose code matches.
func (s *stage) refused(o outcome, what, codes string) {
	s.t.Helper()
	switch {
	case o.took > patience+grace:
		s.t.Errorf("%s: %s", what, o)
	case o.exit == exitOK:
	case !regexp.MustCompile(`^(` + codes + `)$`).MatchString(o.code):
		s.t.Errorf("%s: %s", what, o)
	}
}

// damage is a way to damage a file.
type damage struct {
	name string
	data []byte
}

// damages makes damaged copies of a file: cut, flipped, overwritten, shifted. The
// beginning and the end, where formats keep what they are, get as many as the rest.
func damages(seed uint64, whole []byte, count int) []damage {
	random := rand.New(rand.NewPCG(seed, 0))
	place := func() int {
		switch random.IntN(3) {
		case 0:
			return random.IntN(min(256, len(whole)))
		case 1:
			return len(whole) - 1 - random.IntN(min(512, len(whole)))
		default:
			return random.IntN(len(whole))
		}
	}
	all := []damage{{"empty", nil}, {"zeros", make([]byte, len(whole))}, {"twice", slices.Concat(whole, whole)}}
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	all = append(all, damage{"noise", noise}, damage{"noise behind the first bytes", slices.Concat(whole[:8], noise)},
		damage{"noise before the last bytes", slices.Concat(whole[:8], noise, whole[len(whole)-16:])})
	for range count {
		at := place()
		changed := slices.Clone(whole)
		name := ""
		switch random.IntN(6) {
		case 0:
			name, changed = "cut", changed[:at]
		case 1, 2:
			changed[at] ^= 1 << random.IntN(8)
			name = "flipped bit"
		case 3:
			changed[at] = []byte{0, 0xff, 0x7f, 0x80}[random.IntN(4)]
			name = "extreme byte"
		case 4:
			end := min(len(changed), at+1+random.IntN(16))
			copy(changed[at:end], noise)
			name = "overwritten"
		default:
			changed = slices.Insert(changed, at, noise[:1+random.IntN(9)]...)
			name = "shifted"
		}
		all = append(all, damage{fmt.Sprintf("%s at %d", name, at), changed})
	}
	return all
}

// sampled is how many damaged copies a test makes: more with HEDDLE_SLOW=1.
func sampled() int {
	switch {
	case slow():
		return 1000
	case testing.Short():
		return 20
	default:
		return 100
	}
}

// slow says whether tests shall run that need much time or space.
func slow() bool { return os.Getenv("HEDDLE_SLOW") == "1" }

// TestDamagedFiles reads damaged files of every format. A native table must be refused
// or give the right rows, as all of it has checksums; others may give other rows.
func TestDamagedFiles(t *testing.T) {
	s := newStage(t)
	origin := t.TempDir()
	const rows = `SELECT o_orderkey, o_totalprice, o_orderdate, o_comment, o_clerk, o_orderpriority,
CASE WHEN o_orderkey % 3 = 0 THEN o_custkey END AS customer, o_totalprice > 100000 AS dear,
CAST(o_totalprice AS double precision) AS approximate FROM orders ORDER BY 1 LIMIT 400`
	for _, format := range []string{"parquet", "arrow", "csv", "tsv", "jsonl"} {
		name := "t." + strings.Replace(format, "jsonl", "ndjson", 1)
		s.must("run", "-c", rows, "--data", share(t).native, "-f", format, "-o", filepath.Join(origin, name))
	}
	s.must("load", filepath.Join(origin, "t.parquet"), "--into", origin)
	const all = "SELECT * FROM t ORDER BY 1"
	for i, test := range []struct{ file, codes string }{
		{"t.htab", `E05\d\d`},
		{"t.parquet", `E05\d\d|E02\d\d`}, // a name in the schema may be what has changed
		{"t.arrow", `E05\d\d|E02\d\d`},
		{"t.csv", `E05\d\d|E02\d\d`},
		{"t.tsv", `E05\d\d|E02\d\d`},
		{"t.ndjson", `E05\d\d|E02\d\d`},
	} {
		t.Run(test.file, func(t *testing.T) {
			s := newStage(t)
			whole, err := os.ReadFile(filepath.Join(origin, test.file))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, test.file)
			write := func(data []byte) {
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(whole)
			want := s.must("run", "-c", all, "--data", dir, "-f", "csv")
			for _, d := range damages(uint64(i), whole, sampled()) {
				write(d.data)
				o := s.perform("run", "-c", all, "--data", dir, "-f", "csv")
				s.refused(o, d.name, test.codes)
				if test.file == "t.htab" && o.exit == exitOK && o.stdout != want.stdout {
					t.Errorf("%s: other rows, and no error", d.name)
				}
			}
		})
	}
}

// builtBundle gives a bundle that joins, groups and sorts.
func builtBundle(t *testing.T, s *stage, engineName string) (path string, data []byte) {
	t.Helper()
	const query = `SELECT n_name, count(*) AS n, sum(c_acctbal), max(c_name) FROM customer JOIN nation ON c_nationkey = n_nationkey
WHERE c_mktsegment LIKE 'B%' AND c_acctbal > 10 GROUP BY n_name ORDER BY n DESC, n_name LIMIT 7`
	path = filepath.Join(t.TempDir(), "q.heddle")
	s.must("build", "-c", query, "--data", share(t).native, "--engine", engineName, "-o", path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data
}

// TestDamagedBundle runs and inspects damaged bundles: none may be taken for whole.
func TestDamagedBundle(t *testing.T) {
	s := newStage(t)
	path, whole := builtBundle(t, s, engine.Default())
	for _, d := range damages(11, whole, sampled()) {
		if err := os.WriteFile(path, d.data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, o := range []outcome{s.perform("run", path, "--data", share(t).native, "-f", "csv"), s.perform("inspect", path)} {
			// Without its first bytes it is a text, and no SQL.
			s.refused(o, d.name, `E070\d|E01\d\d|E0922|E0920`)
			if o.exit == exitOK && len(d.data) > 0 && string(d.data) != string(whole) {
				t.Errorf("%s: no error", d.name)
			}
		}
	}
}

// forEachLie runs what a change makes of a bundle, with digests that are right.
func forEachLie(t *testing.T, lies func(t *testing.T, whole []byte, try func(name string, b *bundle.Bundle))) {
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			path, whole := builtBundle(t, s, name)
			want := s.must("run", path, "--data", share(t).native, "--engine", name, "-f", "csv")
			refused, same, other := 0, 0, 0
			lies(t, whole, func(what string, b *bundle.Bundle) {
				t.Helper()
				file, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(b.Write(file), file.Close()); err != nil {
					t.Fatal(err)
				}
				o := s.perform("run", path, "--data", share(t).native, "--engine", name, "-f", "csv", "--threads", "2", "--memory", "64MiB")
				s.refused(o, what, `E0[5-7]\d\d|E0913`)
				switch {
				case o.exit != exitOK:
					refused++
				case o.stdout == want.stdout:
					same++
				default:
					other++
				}
			})
			t.Logf("%d refused, %d ended with the same rows, %d with other rows", refused, same, other)
		})
	}
}

// TestTamperedWasm runs bundles whose code was changed, and whose digests are right:
// the engine refuses the code, or it runs within its memory, and what it gives is
// checked before it is read.
func TestTamperedWasm(t *testing.T) {
	forEachLie(t, func(t *testing.T, whole []byte, try func(string, *bundle.Bundle)) {
		original, err := bundle.Read("q.heddle", whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range damages(12, original.Wasm, sampled()) {
			changed := *original
			changed.Wasm = d.data
			try(d.name, &changed)
		}
	})
}

// TestLyingManifest runs bundles whose description was changed, one number, switch or
// name after the other, and whose digests are right.
func TestLyingManifest(t *testing.T) {
	forEachLie(t, func(t *testing.T, whole []byte, try func(string, *bundle.Bundle)) {
		original, err := bundle.Read("q.heddle", whole)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(original.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(13, 0))
		var leaves []leaf
		collect(tree, "", nil, &leaves)
		for _, l := range leaves {
			if !slow() && random.IntN(5) > 0 {
				continue
			}
			for _, value := range l.lies(random) {
				l.set(value)
				changed := *original
				changed.Manifest = bundle.Manifest{}
				text, err := json.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				if json.Unmarshal(text, &changed.Manifest) == nil && changed.Manifest.Program != nil {
					try(fmt.Sprintf("%s = %v", l.path, value), &changed)
				}
			}
			l.set(l.value)
		}
	})
}

// leaf is a value in a tree of JSON that is no list and no object.
type leaf struct {
	path  string
	value any
	set   func(value any)
}

func collect(node any, path string, set func(any), leaves *[]leaf) {
	switch node := node.(type) {
	case map[string]any:
		keys := make([]string, 0, len(node))
		for key := range node {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			collect(node[key], path+"."+key, func(v any) { node[key] = v }, leaves)
		}
	case []any:
		for i := range node {
			collect(node[i], fmt.Sprintf("%s[%d]", path, i), func(v any) { node[i] = v }, leaves)
		}
	default:
		*leaves = append(*leaves, leaf{path, node, set})
	}
}

// lies gives values that a leaf does not have: all that are near, and one that is far.
func (l leaf) lies(random *rand.Rand) []any {
	switch v := l.value.(type) {
	case bool:
		return []any{!v}
	case float64:
		far := []float64{-1, 0, 3, 7, 64, 4095, 65536, 1 << 31, 1 << 40, -(1 << 62)}
		return []any{v + 1, v - 1, v * 8, far[random.IntN(len(far))]}
	case string:
		return []any{v + "x", ""}
	default:
		return []any{1.0}
	}
}

// TestFileChanges changes a native table after a query has opened it: rows of the old
// file, or an error.
func TestFileChanges(t *testing.T) {
	for _, name := range engine.Names() {
		for _, test := range []struct {
			name   string
			change func(path string) error
			codes  []diag.Code // "" for the right answer
		}{
			{"cut to nothing", func(path string) error { return os.Truncate(path, 0) }, []diag.Code{"E0687", "E0503"}},
			{"cut in half", func(path string) error {
				info, err := os.Stat(path)
				return errors.Join(err, os.Truncate(path, info.Size()/2))
			}, []diag.Code{"E0687", "E0503"}},
			{"deleted", os.Remove, []diag.Code{""}},
			{"replaced", func(path string) error {
				return errors.Join(os.WriteFile(path+".new", []byte("other"), 0o600), os.Rename(path+".new", path))
			}, []diag.Code{""}},
		} {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "lineitem.htab")
				data, err := os.ReadFile(filepath.Join(share(t).native, "lineitem.htab"))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				w, err := local.Open(t.Context(), local.Options{Data: dir, Engine: name, MemoryCacheOnly: true, TempDir: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close() }() // the damage may have hit it
				const query = "SELECT sum(l_quantity), sum(l_extendedprice), max(l_comment), count(l_shipmode) FROM lineitem"
				compiled, err := w.Prepare(t.Context(), diag.NewFile("q.sql", query), local.PrepareOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if err := test.change(path); err != nil {
					t.Fatal(err)
				}
				run, err := w.Run(t.Context(), compiled[0].Program, compiled[0].Wasm, local.RunOptions{})
				var code diag.Code
				switch list, ok := diag.FromError(err); {
				case err == nil:
					defer func() { _ = run.Close() }()
				case ok:
					code = list[0].Code
				default:
					t.Fatal(err)
				}
				if !slices.Contains(test.codes, code) {
					t.Errorf("the code is %q, want one of %q: %v", code, test.codes, err)
				}
			})
		}
	}
}

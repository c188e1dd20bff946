package local_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// endless would run for weeks.
const endless = `SELECT count(*) FROM lineitem a, lineitem b, lineitem c
WHERE a.l_partkey + b.l_partkey * c.l_partkey = 7`

const (
	// cancelRounds is how often a query is cancelled, each time a little later.
	cancelRounds = 20
	// cancelLimit is how long it may go on then. As other processes may have the
	// processors, one round in ten may take longer.
	cancelLimit = 100 * time.Millisecond
)

// TestCancel cancels queries at different moments. The session must serve the next
// query, and at the end no goroutine and no file may be left.
func TestCancel(t *testing.T) {
	tests := []struct {
		name, query string
		memory      int64
	}{
		{"cross join", endless, 0},
		{"sort that spills", "SELECT * FROM lineitem a, region ORDER BY l_comment, l_extendedprice", 8 << 20},
		{"aggregate that spills", "SELECT l_orderkey, l_comment, r_name, count(*) FROM lineitem, region GROUP BY 1, 2, 3", 8 << 20},
	}
	data := benchmarkData(t, 0.01, "native")
	forEachEngine(t, func(t *testing.T, engine string) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				temp := t.TempDir()
				w := open(t, local.Options{Data: data, Engine: engine, Memory: test.memory, TempDir: temp})
				compiled, err := w.Prepare(t.Context(), diag.NewFile("query.sql", test.query), local.PrepareOptions{})
				if err != nil {
					t.Fatal(rendered(err))
				}
				if _, err := w.Session(t.Context()); err != nil {
					t.Fatal(err)
				}
				var all []time.Duration
				cancelled := 0
				for round := range cancelRounds {
					took, err := cancelAfter(t.Context(), w, compiled[0], time.Duration(1+round*3)*time.Millisecond)
					var problem *diag.Diagnostic
					switch {
					case err == nil && test.memory > 0: // it was over before
					case !errors.As(err, &problem) || problem.Code != exec.CodeCancelled:
						t.Fatalf("round %d: the error is %v", round, err)
					default:
						cancelled++
					}
					all = append(all, took)
					if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
						t.Errorf("round %d: left in the temporary directory: %v, %v", round, left, err)
					}
				}
				if cancelled < 3 {
					t.Errorf("only %d of %d queries were cancelled: the others were too quick", cancelled, cancelRounds)
				}
				// On a busy machine a query may not get a processor in time; it still must end
				// soon, and some of them within twice the limit.
				if slices.Sort(all); all[len(all)/4] > 2*cancelLimit || all[len(all)-1] > 20*cancelLimit {
					t.Errorf("after cancelling, queries went on for %v; the limit is %v", all, cancelLimit)
				}
				if after := mustAsk(t, w, "SELECT count(*) FROM lineitem"); after.rows[0][0] != "60175" {
					t.Errorf("the next query gives %s", after.rows)
				}
			})
		}
	})
}

// cancelAfter cancels a query when it has run for some time and says how long it went
// on from then.
func cancelAfter(ctx context.Context, w *local.Workspace, c *local.Compiled, limit time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	at := make(chan time.Time, 1)
	timer := time.AfterFunc(limit, func() {
		at <- time.Now()
		cancel()
	})
	_, err := execute(ctx, w, c, "NULL")
	ended := time.Now()
	if timer.Stop() {
		return 0, err
	}
	return ended.Sub(<-at), err
}

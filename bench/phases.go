package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/heddle-lang/heddle/cmd/local"
)

// Phase is a part of Heddle's time.
type Phase struct {
	Name   string  `json:"name"`
	Median float64 `json:"median_ms"`
}

// allPhases gives all phases of a run; their times add up to the time of the run.
func (r *heddleRun) allPhases() []local.Phase {
	phases := append(slices.Clone(r.phases),
		local.Phase{Name: "code", Elapsed: r.compile},
		local.Phase{Name: "prepare", Elapsed: r.stats.Prepare},
		local.Phase{Name: "execute", Elapsed: r.stats.Execute},
	)
	rest := r.elapsed
	for _, phase := range phases {
		rest -= phase.Elapsed
	}
	return append(phases, local.Phase{Name: "rest", Elapsed: rest})
}

// phasesOf gives the median of each phase over runs of one query, which all have the
// same phases.
func phasesOf(runs []*heddleRun) []Phase {
	var phases []Phase
	times := map[string][]float64{}
	for i, run := range runs {
		for _, phase := range run.allPhases() {
			if i == 0 {
				phases = append(phases, Phase{Name: phase.Name})
			}
			times[phase.Name] = append(times[phase.Name], milliseconds(phase.Elapsed))
		}
	}
	for i := range phases {
		phases[i].Median = median(times[phases[i].Name])
	}
	return phases
}

// writePhases prints where Heddle's time goes on a storage: a table for each way.
func (r *Report) writePhases(w io.Writer, storage string, ways []string) {
	for _, way := range ways {
		fmt.Fprintf(w, "\nPhases of Heddle %s, %s: medians in ms\n\n", way, storage)
		heading := true
		for _, q := range r.Queries {
			for _, measured := range q.Heddle {
				if q.Storage != storage || measured.Way != way {
					continue
				}
				if heading {
					fmt.Fprintf(w, "%-5s", "query")
					for _, phase := range measured.Phases {
						fmt.Fprintf(w, " %9s", phase.Name)
					}
					fmt.Fprintln(w)
					heading = false
				}
				fmt.Fprintf(w, "Q%-4d", q.Query)
				for _, phase := range measured.Phases {
					fmt.Fprintf(w, " %9.2f", phase.Median)
				}
				fmt.Fprintln(w)
			}
		}
	}
}

// writeRun prints what the pipelines and scans of a run did.
func writeRun(w io.Writer, r *heddleRun) {
	fmt.Fprintf(w, "      %.2f ms; %d bytes of WebAssembly; at most %.1f MiB of states, %.1f MiB spilled\n",
		milliseconds(r.elapsed), r.wasm, float64(r.stats.PeakMemory)/(1<<20), float64(r.stats.SpilledBytes)/(1<<20))
	for i, p := range r.stats.Pipelines {
		fmt.Fprintf(w, "      pipeline %d: %8.2f ms, finish %6.2f ms, %9d rows, %6.1f MiB, morsels %v: %s\n",
			i, milliseconds(p.Run), milliseconds(p.Finish), p.Rows, float64(p.Bytes)/(1<<20), p.Morsels, p.Title)
	}
	for _, s := range r.stats.Scans {
		fmt.Fprintf(w, "      scan %s: %d columns, %s, %d of %d chunks left out\n", s.Table, s.Columns, s.Access, s.Pruned, s.Chunks)
	}
}

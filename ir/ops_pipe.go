package ir

// State is what a pipeline builds and another reads. (placeholder until the pipe level is declared below)
type State struct {
	Name string
}

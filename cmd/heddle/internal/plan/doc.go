// Package plan shows plans: it takes a module at the flow or the pipe level and gives a
// tree of operators with estimated rows, and its pipelines with what they did, as text
// that fits a terminal, as JSON, and as a graph for Graphviz. It decides nothing.
package plan

// Package lower names the passes that take a program from the flow level to the pipe
// level (pipelines) and on to the kern level (kernels). It takes and gives modules; the
// description of the compiled program goes into the pass context.
package lower

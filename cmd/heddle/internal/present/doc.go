// Package present writes rows for people and for other programs: it takes Arrow
// record batches with the types of their columns, and gives tables, CSV, TSV, JSON,
// JSON lines, Markdown and HTML. It knows neither queries nor files.
package present

// Package result turns records in linear memory into Arrow record batches: it takes
// the addresses of records and how their fields lie, and gives arrays with memory of
// their own.
//
//	CIR type               Arrow type
//	bool, i8 to i64        bool, int8 to int64
//	i128                   decimal128(38, 0)
//	f32, f64               float32, float64
//	decimal<p,s>           decimal128(p, s)
//	date, time             date32, time64[us]
//	timestamp              timestamp[us]
//	timestamptz            timestamp[us, UTC]
//	interval               month_day_nano_interval
//	string, bytes          utf8, binary
//	uuid                   fixed_size_binary(16)
//	null                   null
//
// An i128 beyond 38 digits keeps its bits, although Arrow would not print it.
package result

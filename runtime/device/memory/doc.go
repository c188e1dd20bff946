// Package memory keeps a session's memory on a device within a budget. It takes a
// Driver and a number of bytes, and gives two kinds of memory: the mirror, a range of
// 4 GiB of device addresses that stands for linear memory, and whole columns of tables,
// which stay between queries as long as there is room.
//
// The lower half of the mirror has copies of the workers' heap, at the same addresses;
// Commit puts memory under a part of it. The upper half, from abi.WindowBase on, is the
// device's own: Allocate gives ranges of it, for text of columns and for records.
// Memory that was put under the mirror stays there until Close, and ranges are given
// lowest first, so that what was put there serves again and again.
//
// When the budget is used up, columns that nobody holds are dropped, the least recently
// used first. What does not fit then is a diagnostic E0671 of package device.
package memory

// Package page writes what the commands say about themselves: it takes the tree of
// commands and gives help texts for a terminal and the manual page.
package page

package store

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

func hasPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// glob returns the files that match a pattern with "**", in ascending order.
func (db *Database) glob(pattern string) ([]string, error) {
	slashed := filepath.ToSlash(pattern)
	if _, err := path.Match(slashed, ""); err != nil {
		return nil, Unreadable(pattern, err)
	}
	// The directories before the first wildcard are where the search begins.
	parts := strings.Split(slashed, "/")
	fixed := 0
	for fixed < len(parts)-1 && !hasPattern(parts[fixed]) {
		fixed++
	}
	root := strings.Join(parts[:fixed], "/")
	if root == "" {
		root = "."
		if strings.HasPrefix(slashed, "/") {
			root = "/"
		}
	}
	rest := parts[fixed:]
	return db.dataFiles(filepath.FromSlash(root), func(relative string) bool {
		return matchParts(rest, strings.Split(relative, "/"))
	})
}

// matchParts matches the parts of a path; "**" stands for any number of them. The
// time is quadratic: only the last "**" is ever taken back.
func matchParts(pattern, parts []string) bool {
	star, resume := -1, 0
	p, i := 0, 0
	for i < len(parts) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, resume = p, i
			p++
			continue
		case p < len(pattern):
			if ok, _ := path.Match(pattern[p], parts[i]); ok { // the pattern was checked before
				p++
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		p, i = star+1, resume
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

// dataFiles returns the files below root, in ascending order: those whose path
// relative to root, with slashes, is accepted, or all of known formats. Names that
// begin with "." or "_" are passed over.
func (db *Database) dataFiles(root string, accept func(relative string) bool) ([]string, error) {
	var paths []string
	err := db.sys.Files.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return Unreadable(file, err)
		case file != root && hidden(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			info, err := db.sys.Files.Stat(file)
			if err != nil || !info.Mode().IsRegular() {
				return nil // dangling, or a directory: links to those could be circles
			}
		} else if !d.Type().IsRegular() {
			return nil
		}
		if accept == nil {
			if format, _ := FormatOfPath(file); format != nil {
				paths = append(paths, file)
			}
			return nil
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return Unreadable(file, err)
		}
		if accept(filepath.ToSlash(relative)) {
			paths = append(paths, file)
		}
		return nil
	})
	if _, known := diag.FromError(err); err != nil && !known {
		err = Unreadable(root, err)
	}
	return paths, err
}

package local

import (
	"slices"

	"github.com/heddle-lang/heddle/runtime/store"
)

// keptStatements bounds the texts whose compiled form is remembered.
const keptStatements = 64

// statements remembers compiled texts, the most recent ones.
type statements struct {
	byKey  map[string]*prepared
	recent []string // keys, the least recently used first
}

type prepared struct {
	compiled     []*Compiled
	fingerprints map[string]string // by table name, when it was compiled
}

// find gives the statements of a text, as copies that say Cached, or nil when the
// text is unknown or one of its tables has changed.
func (s *statements) find(key string, db *store.Database) []*Compiled {
	entry := s.byKey[key]
	if entry == nil {
		return nil
	}
	for name, fingerprint := range entry.fingerprints {
		if table, err := db.Resolve(name); err != nil || table.Fingerprint() != fingerprint {
			return nil
		}
	}
	s.touch(key)
	found := make([]*Compiled, len(entry.compiled))
	for i, c := range entry.compiled {
		again := *c
		again.Cached, again.Phases = true, nil
		found[i] = &again
	}
	return found
}

func (s *statements) add(key string, compiled []*Compiled, db *store.Database) {
	entry := &prepared{compiled: compiled, fingerprints: map[string]string{}}
	for _, c := range compiled {
		for _, table := range c.Module.Tables {
			opened, err := db.Resolve(table.Name)
			if err != nil {
				return // it has gone since it was compiled
			}
			entry.fingerprints[table.Name] = opened.Fingerprint()
		}
	}
	if s.byKey == nil {
		s.byKey = map[string]*prepared{}
	}
	s.byKey[key] = entry
	s.touch(key)
	if len(s.recent) > keptStatements {
		delete(s.byKey, s.recent[0])
		s.recent = slices.Delete(s.recent, 0, 1)
	}
}

func (s *statements) touch(key string) {
	if i := slices.Index(s.recent, key); i >= 0 {
		s.recent = slices.Delete(s.recent, i, i+1)
	}
	s.recent = append(s.recent, key)
}

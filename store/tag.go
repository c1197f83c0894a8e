//go:build !sqlite_fts5

package store

// SQLite needs its full-text index compiled in, or the first query would fail at
// run time: build with -tags sqlite_fts5 (make does).
var _ = build_with_tags_sqlite_fts5

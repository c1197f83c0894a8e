package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
)

// readerPragmas are settings of a reading connection that have no option in the name:
// what stands in the schema of a file that somebody else may have written is not run,
// and pages are looked at before they are believed.
const readerPragmas = `PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON`

// A connector opens connections with settings that the driver's names lack.
type connector struct {
	driver  *sqlite3.SQLiteDriver
	name    string
	pragmas string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.name)
	if err != nil {
		return nil, err
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, c.pragmas, nil); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// openReading returns a pool of connections that only read the file at path.
func openReading(path string) *sql.DB {
	return sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{}, name: dsn(path, readOptions), pragmas: readerPragmas})
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/store"
)

// dataDirectory looks at the rights on the directory and the room on its disk. That
// the disk is a local one is checked by whoever opens the database.
func (v *visit) dataDirectory() {
	const check = "data directory"
	dir, reserve := v.Config.Server.Data, v.Config.Store.Reserve
	others := fs.FileMode(0o077)
	if v.Config.Server.SharedDataDir {
		others = 0o007
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.fail(check, "Run tidepost init, or make it: install -d -m 0700 "+dir, "%s does not exist", dir)
		return
	case err != nil:
		v.fail(check, "Run as the user of the service.", "%v", err)
		return
	case info.Mode().Perm()&others != 0:
		v.fail(check, "chmod 0700 "+dir, "%s has mode %04o: others may read everybody's mail", dir, info.Mode().Perm())
		return
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		v.warn(check, "", "the file system does not say how much room is left: %v", err)
		return
	}
	free := int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // differs by platform
	room := fmt.Sprintf("%s free, reserve %s", config.ShowSize(free), config.FormatSize(reserve))
	switch {
	case free <= reserve:
		v.fail(check, "Make room: new mail is refused for the moment.", "%s", room)
	case free < 3*reserve:
		v.warn(check, "Make room soon: at the reserve new mail is refused.", "%s", room)
	default:
		v.ok(check, "%s, %s", dir, room)
	}
}

// database opens the database, which proves the structure of its important tables.
func (v *visit) database(ctx context.Context) {
	const check = "database"
	if _, err := os.Stat(v.Config.Server.Data); err != nil {
		return // Said already, and nothing shall be made here.
	}
	desk, err := gateway.OpenDesk(v.Config, v.Log)
	if err != nil {
		do := "Run as the user of the service; see the error."
		if errors.Is(err, store.ErrDamaged) {
			do = "Stop the server and restore the last backup."
		}
		v.fail(check, do, "%v", err)
		return
	}
	version, err := desk.DB.SchemaVersion(ctx)
	if err != nil {
		v.fail(check, "Stop the server and restore the last backup.", "%v", errors.Join(err, desk.Close()))
		return
	}
	v.desk = desk
	room := ""
	var octets int64
	if err := desk.DB.View(ctx, func(tx *store.Tx) (err error) { octets, err = tx.Octets(); return err }); err == nil {
		room = ", " + config.ShowSize(octets)
	}
	looked := "sound"
	if v.Deep {
		if err := desk.DB.CheckWhole(ctx); err != nil {
			v.fail(check, "Stop the server; restore the last backup, or run tidepost salvage.", "%v", err)
			return
		}
		looked = "sound in every page"
	}
	v.ok(check, "%s, schema %d%s", looked, version, room)
}

// people looks for those whom mail reaches wrongly.
func (v *visit) people(ctx context.Context) {
	const check = "people"
	var silent, broken []string
	n := 0
	err := v.desk.DB.View(ctx, func(tx *store.Tx) error {
		all, err := tx.People()
		for _, p := range all {
			if !p.Active {
				continue
			}
			n++
			if p.Password == "" {
				silent = append(silent, p.Address)
			}
			if q, ok := v.desk.People.ByID(p.ID); !ok || q.Profile.Calendar.Zone == "" {
				broken = append(broken, p.Address)
			}
		}
		return err
	})
	switch {
	case err != nil:
		v.fail(check, "", "%v", err)
	case n == 0:
		v.warn(check, "tidepost people add ADDRESS --zone ZONE --ask-password", "nobody is in the team yet")
	case len(broken) > 0:
		v.fail(check, "tidepost people set ADDRESS --zone ZONE", "no zone or calendar, reachable at any time: %s", some(broken))
	case len(silent) > 0:
		v.warn(check, "tidepost people set ADDRESS --ask-password", "%d people; cannot log in: %s", n, some(silent))
	default:
		v.ok(check, "%d people, all with zone and password", n)
	}
}

// some lists at most five.
func some(list []string) string {
	const most = 5
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

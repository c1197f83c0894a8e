package remote

import (
	"errors"

	"tidepost/sieve"
)

// A NoScript is why an account has no Sieve script of Tidepost's, in words for the admin.
type NoScript struct {
	Kind   string // one word: "address", "busy", "login", "server", "own", "room" or "refused"
	Why    string // what is in the way
	Do     string // what may be done about it
	Person bool   // it is this person's, not everybody's at that server
}

// WhyNoScript reads an error of DialScripts, Install or Try.
func WhyNoScript(err error) NoScript {
	const none = `or say "tidepost account set ADDRESS --sieve none", if there is no Sieve or it is not to be used`
	switch {
	case errors.Is(err, ErrNoScripts):
		return NoScript{Kind: "address", Why: "there is no ManageSieve server",
			Do: `If there is one after all, say where: "tidepost account set ADDRESS --sieve HOST:PORT".`}
	case errors.Is(err, ErrAuth):
		return NoScript{Kind: "login", Why: "the ManageSieve server refuses the login that IMAP takes", Person: true,
			Do: `Have the provider allow ManageSieve for this login; ` + none + `.`}
	case errors.Is(err, sieve.ErrServer):
		return NoScript{Kind: "server", Why: "its Sieve cannot let a script stop by itself",
			Do: `Have the provider turn these extensions on; ` + none + `.`}
	case errors.Is(err, sieve.ErrOwn):
		return NoScript{Kind: "own", Why: "the person's own script is active and cannot be run together with Tidepost's; it stays as it is", Person: true,
			Do: `The person may simplify that script, or turn it off; ` + none + `.`}
	case errors.Is(err, ErrFull):
		return NoScript{Kind: "room", Why: "there is no room for a script, or for one that long", Person: true,
			Do: `Have the person delete scripts that are not used; ` + none + `.`}
	case errors.Is(err, ErrTry):
		return NoScript{Kind: "busy", Why: "the ManageSieve server is busy", Do: "It is tried again every 15 minutes."}
	case errors.Is(err, ErrLost):
		return NoScript{Kind: "address", Why: "no ManageSieve server can be reached",
			Do: `Say where it is: "tidepost account set ADDRESS --sieve HOST:PORT", or open its port; ` + none + `.`}
	}
	return NoScript{Kind: "refused", Why: "the ManageSieve server does not take the script",
		Do: `Look at what it says; ` + none + `.`}
}

package main

import (
	"fmt"
	"io"

	"tidepost/internal/gateway"
)

// dnsCmd prints DNS records.
type dnsCmd struct{}

// Run implements the command.
func (*dnsCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	records, err := gateway.DNSRecords(cfg)
	if err != nil {
		return err
	}
	return a.show(records, func(w io.Writer) {
		fmt.Fprintf(w, "; Lines for the zones of %v. What is there already may stay: SPF and DMARC\n; stand once a domain. Add your smarthost to SPF, as its documentation says.\n", cfg.Server.Domains)
		for _, r := range records {
			fmt.Fprintf(w, "%s\t; %s\n", r, r.Why)
		}
	})
}

package web

import (
	"io"
	"net"
	"net/http"
	"strings"

	"tidepost/setup"
)

// Clients are the pages that mail programs ask for to set themselves up. Nobody logs in
// for them, and every address of a domain gets the same answer.
func Clients(t setup.Team) []Page {
	auto := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { autoconfig(w, r, t) })
	discover := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { autodiscover(w, r, t) })
	apple := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mobileConfig(w, r, t) })
	pages := []Page{
		{Pattern: "GET /mail/config-v1.1.xml", Handler: auto},
		{Pattern: "GET /.well-known/autoconfig/mail/config-v1.1.xml", Handler: auto},
		{Pattern: "GET /apple/{file}", Handler: apple},
	}
	// Programs write it in three ways, and paths are not equal in other letters.
	for _, path := range []string{"/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"} {
		pages = append(pages, Page{Pattern: "POST " + path, Handler: discover, MaxBody: setup.MaxAutodiscover})
	}
	return pages
}

// autoconfig answers for the domain of ?emailaddress=, else for that of the host name.
func autoconfig(w http.ResponseWriter, r *http.Request, t setup.Team) {
	domain := t.Domains[0]
	if address := r.URL.Query().Get("emailaddress"); address != "" {
		_, domain, _ = strings.Cut(address, "@")
	} else if host, ok := strings.CutPrefix(hostOf(r), "autoconfig."); ok {
		domain = host
	}
	body, err := t.Autoconfig(domain)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	answer(w, "text/xml; charset=utf-8", body)
}

func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(host)
}

func autodiscover(w http.ResponseWriter, r *http.Request, t setup.Team) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "The request is too large.", http.StatusRequestEntityTooLarge)
		return
	}
	address, outlook, err := setup.ReadAutodiscover(body)
	if err != nil {
		http.Error(w, "This is no Autodiscover request.", http.StatusBadRequest)
		return
	}
	out := []byte(setup.AutodiscoverError)
	if outlook {
		if found, err := t.Autodiscover(address); err == nil {
			out = found
		}
	}
	answer(w, "text/xml; charset=utf-8", out)
}

// mobileConfig serves /apple/ADDRESS.mobileconfig.
func mobileConfig(w http.ResponseWriter, r *http.Request, t setup.Team) {
	address, ok := strings.CutSuffix(r.PathValue("file"), ".mobileconfig")
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, err := t.MobileConfig(address)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="mail.mobileconfig"`)
	answer(w, "application/x-apple-aspen-config; charset=utf-8", body)
}

func answer(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body) // Who asked is gone.
}

package intent

import (
	"strings"
	"time"
)

// placeZone reads "Lisbon time", "New York time", "Pacific", "US Eastern".
func (p *timeParser) placeZone(e *timeExpr, i int) (int, bool) {
	t := p.tok(i)
	if t.kind != kindWord || !t.upper && !t.is("pacific", "eastern") {
		return 0, false
	}
	if t.is("us", "u") && p.tok(i+1).is("pacific", "eastern", "central", "mountain") {
		i++
	}
	name, next := "", i+1
	for n := range 3 { // places of one to three words
		last := p.tok(i + n)
		if last.kind != kindWord || n > 0 && !last.upper {
			break
		}
		words := make([]string, 0, 3)
		for k := range n + 1 {
			words = append(words, p.tok(i+k).low)
		}
		if zone, ok := placeZones[strings.Join(words, " ")]; ok {
			name, next = zone, i+n+1
		}
	}
	if name == "" {
		return 0, false
	}
	bare := p.tok(i).is("pacific", "eastern", "central", "mountain") || p.tok(i-1).is("in", "de", "du", "da", "do")
	if p.tok(next).is("standard", "daylight", "local", "european") {
		next++
	}
	if p.tok(next).is("time") {
		next++
	} else if !bare {
		return 0, false
	}
	e.zone = zoneNamed(name)
	return next, e.zone != nil
}

// placeZones are the places that people name for their time.
var placeZones = readPlaces(`
America/Los_Angeles: pacific, west coast, california, seattle, san francisco, sf, los angeles, la, portland, vegas, las vegas, san diego, san jose
America/Denver: mountain, denver, colorado, boulder, salt lake, salt lake city
America/Phoenix: phoenix, arizona
America/Chicago: central, chicago, houston, dallas, austin, texas, galveston, minneapolis, new orleans, nashville
America/New_York: eastern, east coast, boston, new york, nueva york, york, ny, nyc, miami, atlanta, washington, dc, philadelphia, detroit, florida
America/Toronto: toronto, ottawa, montreal, montréal
America/Vancouver: vancouver
America/Halifax: halifax, atlantic
America/Mexico_City: mexico city, mexico
America/Bogota: bogota, bogotá
America/Lima: lima
America/Santiago: santiago, chile
America/Argentina/Buenos_Aires: buenos aires, argentina
America/Sao_Paulo: sao paulo, são paulo, brasília, brasilia, brasil, brazil, rio
Atlantic/Reykjavik: reykjavik, iceland
Europe/Lisbon: lisbon, lisboa, lissabon, lissabonner, lisbonne, porto, portugal
Europe/London: london, londres, londen, londense, uk, british, edinburgh, manchester, glasgow
Europe/Dublin: dublin, irish, cork
Europe/Paris: paris, french, lyon, marseille, nantes, brest
Europe/Berlin: berlin, german, germany, hamburg, hambourg, hamburgo, munich, frankfurt, cologne, bremen, kiel, central european
Europe/Madrid: madrid, barcelona, spanish, spain, valencia, bilbao
Europe/Rome: rome, milan, italy, italian, genoa
Europe/Brussels: brussels, antwerp
Europe/Amsterdam: amsterdam, rotterdam, dutch, utrecht
Europe/Zurich: zurich, zürich, geneva, swiss, bern
Europe/Vienna: vienna
Europe/Prague: prague
Europe/Warsaw: warsaw, krakow, gdansk
Europe/Budapest: budapest
Europe/Copenhagen: copenhagen, danish
Europe/Oslo: oslo, bergen, norwegian
Europe/Stockholm: stockholm, swedish, gothenburg
Europe/Helsinki: helsinki, finnish
Europe/Tallinn: tallinn, estonian
Europe/Riga: riga
Europe/Vilnius: vilnius
Europe/Athens: athens, greek, piraeus
Europe/Bucharest: bucharest
Europe/Sofia: sofia
Europe/Kyiv: kyiv, kiev
Europe/Istanbul: istanbul, turkish
Europe/Moscow: moscow
Africa/Casablanca: casablanca
Africa/Cairo: cairo
Africa/Lagos: lagos
Africa/Accra: accra
Africa/Nairobi: nairobi, kenya
Africa/Johannesburg: johannesburg, cape town, durban
Asia/Jerusalem: tel aviv, jerusalem, israel
Asia/Dubai: dubai, abu dhabi
Asia/Riyadh: riyadh
Asia/Karachi: karachi
Asia/Kolkata: india, indian, mumbai, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, pune, kolkata
Asia/Dhaka: dhaka
Asia/Bangkok: bangkok
Asia/Ho_Chi_Minh: hanoi, saigon
Asia/Jakarta: jakarta
Asia/Singapore: singapore
Asia/Kuala_Lumpur: kuala lumpur
Asia/Manila: manila
Asia/Hong_Kong: hong kong
Asia/Shanghai: beijing, shanghai, china, chinese, shenzhen, ningbo
Asia/Taipei: taipei
Asia/Seoul: seoul, korean, busan
Asia/Tokyo: tokyo, tokio, tóquio, japan, japanese, osaka
Australia/Perth: perth
Australia/Brisbane: brisbane
Australia/Sydney: sydney
Australia/Melbourne: melbourne
Pacific/Auckland: auckland, wellington, new zealand
`)

func readPlaces(table string) map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(strings.TrimSpace(table)) {
		zone, places, _ := strings.Cut(line, ":")
		for place := range strings.SplitSeq(places, ",") {
			out[strings.TrimSpace(place)] = zone
		}
	}
	return out
}

// zoneNamed loads a zone; nil if the system does not know it.
func zoneNamed(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}

// dayFirst reports whether people in the zone of ref write the fifth of June as
// 5/6. Zones without a name of a place tell nothing; they are read as in America.
func dayFirst(ref time.Time) bool {
	region, _, named := strings.Cut(ref.Location().String(), "/")
	return named && region != "America" && region != "US" && region != "Etc"
}

// zoneInWords reads the zones of the other languages: "heure de Paris", "horário de
// Brasília", "Berliner Zeit", "deiner Zeit".
func (p *timeParser) zoneInWords(e *timeExpr, i int) (int, bool) {
	t, next := p.tok(i), p.tok(i+1)
	switch {
	case p.opts.Language == English || !e.hasClock:
		return 0, false
	case t.is("deine", "deiner", "ihre", "ihrer", "eure", "eurer", "votre", "tu", "su", "sua", "seu", "tua", "teu", "jouw", "uw", "jullie") && next.is("zeit", "ortszeit", "heure", "hora", "horário", "tijd"):
		e.yours = true
		return i + 2, true
	case t.is("heure", "hora", "horário") && next.is("de", "du", "da", "do"):
		return p.placeZone(e, i+2)
	case next.is("zeit", "tijd") && t.upper:
		for _, ending := range [...]string{"er", "r", "se", "e"} {
			if place, ok := strings.CutSuffix(t.low, ending); ok {
				if name, ok := placeZones[place]; ok {
					e.zone = zoneNamed(name)
					return i + 2, e.zone != nil
				}
			}
		}
	}
	return 0, false
}

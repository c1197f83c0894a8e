package mail

// The tables of newwords.go and closing.go, all lower-case. They are read only.

var attributionStarts = map[string]bool{
	"on": true, "am": true, "le": true, "el": true, "em": true, "il": true, "op": true, "den": true, "på": true,
	"w": true, "dnia": true, "dne": true, "dňa": true, "vào": true, "pada": true, "tarihinde": true, "la": true,
	"în": true, "a": true, "da": true, "no": true, "у": true, "в": true, "ma": true, "στις": true, "mon": true,
	"tue": true, "wed": true, "thu": true, "fri": true, "sat": true, "sun": true, "mo": true, "di": true, "mi": true,
	"do": true, "fr": true, "sa": true, "so": true, "lun": true, "mar": true, "mer": true, "jeu": true, "ven": true,
	"sam": true, "dim": true, "sent": true, "от": true, "ti": true, "ke": true, "to": true, "pe": true, "su": true,
	"vom": true, "from": true, "kl": true, "pt": true, "pon": true, "wt": true, "śr": true, "czw": true, "sob": true,
	"niedz": true, "пн": true, "вт": true, "ср": true, "чт": true, "пт": true, "сб": true, "вс": true, "在": true,
	"于": true, "d.": true, "tir": true, "ons": true, "tor": true, "fre": true, "lør": true, "søn": true, "man": true,
}

var attributionVerbs = []string{
	"wrote", "writes", "schrieb", "a écrit", "ha escrito", "escribió", "escreveu", "ha scritto", "schreef",
	"geschreven", "skrev", "kirjoitti", "napisał", "napisała", "napisał(a)", "napsal", "napsal(a)", "napísal",
	"написал", "написала", "написал(а)", "пишет", "написав", "yazdı", "írta", "a scris", "έγραψε", "đã viết",
	"写道", "寫道", "menulis", "va escriure", "pisze", "je napisao", "je napisal", "rašė", "rakstīja", "kirjutas", "skrifaði",
	"sent the following",
}

var separators = []string{
	"original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "message original",
	"message d’origine", "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht",
	"originalmeddelande", "ursprungligt meddelande", "original meddelelse", "oprindelig meddelelse", "oprindelig besked",
	"opprinnelig melding", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva",
	"исходное сообщение", "eredeti üzenet", "orijinal mesaj", "reply message", "forwarded message",
	"weitergeleitete nachricht", "message transféré", "mensaje reenviado", "mensagem encaminhada",
	"messaggio inoltrato", "doorgestuurd bericht", "doorgestuurde bericht", "weitergeleitete mail", "vidarebefordrat meddelande", "videresendt",
	"пересылаемое сообщение", "begin forwarded message", "wiadomość przekazana", "reply above this line",
}

// forwardLines begin what Apple's programs forward, without any dashes.
var forwardLines = []string{
	"begin forwarded message:", "anfang der weitergeleiteten nachricht:", "début du message réexpédié", "début du message transféré",
	"inicio del mensaje reenviado:", "início da mensagem reencaminhada:", "início da mensagem encaminhada:", "inizio messaggio inoltrato:",
	"begin doorgestuurd bericht:", "vidarebefordrat brev:", "påbegynd videresendt besked:", "start på videresendt besked:",
	"starten på den videresendte meldingen:", "videresendt melding:", "välitetty viesti alkaa:", "początek przekazywanej wiadomości:",
}

// contactWords tell that what follows is somebody to reach, not a signature.
var contactWords = []string{
	"contact", "number", "phone", "reach", "call", "address", "details", "kontakt", "nummer", "telefon", "erreich", "anruf", "numéro", "coordonnées",
	"appel", "número", "teléfono", "llama", "telefone", "contato", "liga", "gegevens", "bereik",
}

// thanks are formulas that close a mail only above a name.
var thanks = map[string]bool{
	"thanks": true, "thank you": true, "many thanks": true, "thanks a lot": true, "thanks so much": true, "thank you very much": true, "thx": true,
	"thanks again": true, "danke": true, "vielen dank": true, "besten dank": true, "danke und gruß": true, "danke und grüße": true, "merci": true,
	"merci beaucoup": true, "merci d'avance": true, "gracias": true, "muchas gracias": true, "obrigado": true, "obrigada": true, "muito obrigado": true,
	"muito obrigada": true, "grazie": true, "grazie mille": true, "bedankt": true, "dank je": true, "dank u": true, "alvast bedankt": true, "tack": true,
	"tak": true, "takk": true, "kiitos": true, "dzięki": true, "dziękuję": true,
}

var headWords = map[string]int{
	"from": headFrom, "von": headFrom, "de": headFrom, "da": headFrom, "van": headFrom, "från": headFrom,
	"fra": headFrom, "od": headFrom, "lähettäjä": headFrom, "от": headFrom, "від": headFrom, "kimden": headFrom,
	"gönderen": headFrom, "feladó": headFrom, "от кого": headFrom, "发件人": headFrom, "de la": headFrom, "από": headFrom,
	"expéditeur": headFrom, "remitente": headFrom, "remetente": headFrom, "mittente": headFrom,
	"sent": headSent, "gesendet": headSent, "envoyé": headSent, "enviado": headSent, "enviado el": headSent,
	"enviada em": headSent, "enviado em": headSent, "inviato": headSent, "verzonden": headSent, "skickat": headSent,
	"sendt": headSent, "wysłano": headSent, "lähetetty": headSent, "отправлено": headSent, "odesláno": headSent,
	"date": headSent, "datum": headSent, "fecha": headSent, "data": headSent, "dato": headSent, "дата": headSent,
	"päivämäärä": headSent, "gönderildi": headSent, "tarih": headSent, "发送时间": headSent, "elküldve": headSent,
	"sendt den": headSent, "gesendet am": headSent,
	"to": headTo, "an": headTo, "à": headTo, "para": headTo, "a": headTo, "aan": headTo, "till": headTo, "til": headTo,
	"do": headTo, "komu": headTo, "vastaanottaja": headTo, "кому": headTo, "kime": headTo, "收件人": headTo, "címzett": headTo,
	"reply-to": headTo, "copie à": headTo, "message du": headSent, "sujet": headSubject, "cc": headTo, "destinataire": headTo,
	"subject": headSubject, "betreff": headSubject, "objet": headSubject, "asunto": headSubject, "assunto": headSubject,
	"oggetto": headSubject, "onderwerp": headSubject, "ämne": headSubject, "emne": headSubject, "temat": headSubject,
	"předmět": headSubject, "aihe": headSubject, "тема": headSubject, "konu": headSubject, "主题": headSubject,
	"tárgy": headSubject, "subiect": headSubject,
}

var closings = map[string]bool{
	"regards": true, "best regards": true, "kind regards": true, "warm regards": true, "with kind regards": true,
	"best": true, "best wishes": true, "all the best": true, "sincerely": true, "yours sincerely": true,
	"yours faithfully": true, "yours truly": true, "cheers": true, "many thanks": true, "thanks and regards": true,
	"thank you and regards": true, "thanks & regards": true, "br": true, "kr": true, "rgds": true, "take care": true,
	"with best regards": true, "respectfully": true, "mit freundlichen grüßen": true, "mit freundlichen gruessen": true,
	"mit freundlichem gruß": true, "freundliche grüße": true, "viele grüße": true, "liebe grüße": true,
	"beste grüße": true, "herzliche grüße": true, "schöne grüße": true, "mfg": true, "lg": true, "vg": true,
	"gruß": true, "grüße": true, "cordialement": true, "bien cordialement": true, "bien à vous": true,
	"salutations": true, "meilleures salutations": true, "amicalement": true, "saludos": true, "un saludo": true,
	"saludos cordiales": true, "atentamente": true, "cordialmente": true, "un abrazo": true, "atenciosamente": true,
	"cumprimentos": true, "com os melhores cumprimentos": true, "abraços": true, "obrigado e cumprimentos": true,
	"att": true, "cordiali saluti": true, "distinti saluti": true, "saluti": true, "met vriendelijke groet": true,
	"met vriendelijke groeten": true, "vriendelijke groet": true, "groeten": true, "mvg": true, "groet": true,
	"med vänliga hälsningar": true, "vänliga hälsningar": true, "hälsningar": true, "mvh": true,
	"med venlig hilsen": true, "venlig hilsen": true, "hilsen": true, "vennlig hilsen": true,
	"med vennlig hilsen": true, "z poważaniem": true, "pozdrawiam": true, "s pozdravem": true,
	"ystävällisin terveisin": true, "terveisin": true, "с уважением": true, "saygılarımla": true,
}

var deviceLines = []string{
	"sent from my ", "sent from gmail", "sent from spark", "sent from airmail", "sent from bluemail", "sent from aquamail", "sent from nine",
	"sent from newton", "sent from superhuman", "sent from edison", "sent from canary", "sent from thunderbird", "sent from mailbird", "sent from aol", "sent from outlook", "sent from mail for", "sent from yahoo", "sent from proton", "sent from samsung",
	"sent via ", "sent with proton", "sent using ", "get outlook for ", "get bluemail for ", "von meinem ", "gesendet von ",
	"gesendet mit ", "von unterwegs gesendet", "envoyé de mon ", "envoyé depuis ", "envoyé à partir de ", "télécharger outlook pour ",
	"enviado desde ", "enviado do meu ", "enviado a partir do ", "enviado via ", "obtener outlook para ",
	"obter o outlook para ", "inviato da ", "inviato dal mio ", "inviato con ", "enviado con ", "enviado com ", "envoyé avec ", "skickat från outlook", "sendt fra outlook", "skickat med ", "sendt med ",
	"hämta outlook för ", "hent outlook ", "scarica outlook per ", "obtenir outlook pour ", "download outlook voor ", "verzonden vanaf mijn ", "verstuurd vanaf mijn ", "outlook voor ",
	"skickat från min ", "sendt fra min ", "wysłane z ", "odesláno z ", "lähetetty ", "отправлено с ", "iphone'umdan",
	"holen sie sich outlook für ", "outlook für ",
}

var disclaimerOpeners = []string{
	"this e-mail", "this email", "this message", "the information contained", "the information in this", "disclaimer",
	"confidentiality notice", "the contents of this", "this communication", "privileged and confidential",
	"diese e-mail", "diese nachricht", "der inhalt dieser", "die information in dieser", "ce message", "ce courriel",
	"cet e-mail", "este mensaje", "este correo", "esta mensagem", "este e-mail", "dit bericht", "deze e-mail",
	"questo messaggio", "il presente messaggio", "please consider the environment",
}

var disclaimerWords = []string{
	"confidential", "privileged", "intended recipient", "intended only", "intended solely", "unauthorized", "unauthorised",
	"if you have received", "if you are not the", "disclos", "notify the sender", "prohibited", "delete", "before printing",
	"environment", "vertraulich", "nicht der richtige adressat", "irrtümlich", "unbefugt", "vernichten", "rechtlich geschützt",
	"confidentiel", "destinataire", "par erreur", "diffusion", "confidencial", "destinatario", "por error", "privilegiada",
	"destinatário", "por engano", "vertrouwelijk", "geadresseerde", "per ongeluk", "riservat", "esclusivamente", "viruses",
}

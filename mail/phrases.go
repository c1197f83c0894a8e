package mail

// The tables of newwords.go and closing.go, all lower-case. They are read only.

var attributionStarts = []string{
	"on", "am", "le", "el", "em", "il", "op", "den", "på", "w", "dnia", "dne", "dňa", "vào", "pada", "tarihinde",
	"la", "în", "a", "da", "no", "у", "в", "på:", "ma", "στις", "am:", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
	"mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "sent", "от", "в",
	"ti", "ke", "to", "pe", "la", "su", "2.", "vom", "from", "kl", "il", "pt", "pon", "wt", "śr", "czw", "sob", "niedz",
	"пн", "вт", "ср", "чт", "пт", "сб", "вс", "在", "于", "d.", "tir", "ons", "tor", "fre", "lør", "søn", "man",
}

var attributionVerbs = []string{
	"wrote", "writes", "schrieb", "a écrit", "ha escrito", "escribió", "escreveu", "ha scritto", "schreef",
	"geschreven", "skrev", "kirjoitti", "napisał", "napisała", "napisał(a)", "napsal", "napsal(a)", "napísal",
	"написал", "написала", "написал(а)", "пишет", "написав", "yazdı", "írta", "a scris", "έγραψε", "đã viết",
	"写道", "寫道", "menulis", "va escriure", "je napisao", "je napisal", "rašė", "rakstīja", "kirjutas", "skrifaði",
	"sent the following",
}

var separators = []string{
	"original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "message original",
	"message d’origine", "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht",
	"originalmeddelande", "ursprungligt meddelande", "original meddelelse", "oprindelig meddelelse",
	"opprinnelig melding", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva",
	"исходное сообщение", "eredeti üzenet", "orijinal mesaj", "reply message", "forwarded message",
	"weitergeleitete nachricht", "message transféré", "mensaje reenviado", "mensagem encaminhada",
	"messaggio inoltrato", "doorgestuurd bericht", "vidarebefordrat meddelande", "videresendt",
	"пересылаемое сообщение", "begin forwarded message", "wiadomość przekazana", "reply above this line",
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
	"reply-to": headTo, "cc": headTo, "destinataire": headTo,
	"subject": headSubject, "betreff": headSubject, "objet": headSubject, "asunto": headSubject, "assunto": headSubject,
	"oggetto": headSubject, "onderwerp": headSubject, "ämne": headSubject, "emne": headSubject, "temat": headSubject,
	"předmět": headSubject, "aihe": headSubject, "тема": headSubject, "konu": headSubject, "主题": headSubject,
	"tárgy": headSubject, "subiect": headSubject,
}

var closings = []string{
	"regards", "best regards", "kind regards", "warm regards", "with kind regards", "best", "best wishes", "all the best",
	"sincerely", "yours sincerely", "yours faithfully", "yours truly", "cheers", "many thanks", "thanks and regards",
	"thank you and regards", "thanks & regards", "br", "kr", "rgds", "take care", "with best regards", "respectfully",
	"mit freundlichen grüßen", "mit freundlichen gruessen", "mit freundlichem gruß", "freundliche grüße", "viele grüße",
	"liebe grüße", "beste grüße", "herzliche grüße", "schöne grüße", "mfg", "lg", "vg", "gruß", "grüße",
	"cordialement", "bien cordialement", "bien à vous", "salutations", "meilleures salutations", "amicalement",
	"saludos", "un saludo", "saludos cordiales", "atentamente", "cordialmente", "un abrazo",
	"atenciosamente", "cumprimentos", "com os melhores cumprimentos", "abraços", "obrigado e cumprimentos", "att",
	"cordiali saluti", "distinti saluti", "saluti", "met vriendelijke groet", "met vriendelijke groeten",
	"vriendelijke groet", "groeten", "mvg", "groet", "med vänliga hälsningar", "vänliga hälsningar", "hälsningar", "mvh",
	"med venlig hilsen", "venlig hilsen", "hilsen", "vennlig hilsen", "med vennlig hilsen", "z poważaniem",
	"pozdrawiam", "s pozdravem", "ystävällisin terveisin", "terveisin", "с уважением", "saygılarımla",
}

var deviceLines = []string{
	"sent from my ", "sent from outlook", "sent from mail for", "sent from yahoo", "sent from proton", "sent from samsung",
	"sent via ", "sent with proton", "sent using ", "get outlook for ", "get bluemail for ", "von meinem ", "gesendet von ",
	"gesendet mit ", "von unterwegs gesendet", "envoyé de mon ", "envoyé depuis ", "télécharger outlook pour ",
	"enviado desde ", "enviado do meu ", "enviado a partir do ", "enviado via ", "obtener outlook para ",
	"obter o outlook para ", "inviato da ", "verzonden vanaf mijn ", "verstuurd vanaf mijn ", "outlook voor ",
	"skickat från min ", "sendt fra min ", "wysłane z ", "odesláno z ", "lähetetty ", "отправлено с ", "iphone'umdan",
	"holen sie sich outlook für ",
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

package mail

import (
	"strings"
)

const maxCodeText = 3000 // octets; a mail that carries a code is short

// isCode recognises sign-in codes, password resets and verifications. Such a
// mail names its purpose, carries a code or a link, is short, and comes from a
// machine or tells its reader what to do with the code. A colleague's "the
// password reset page is broken" does none of the last two.
func isCode(f Facts, c *Content) bool {
	if c == nil || f.IsReply || f.IsBounce {
		return false
	}
	subject := strings.ToLower(f.Subject)
	named, machine := containsAny(subject, codePurposes), f.IsAuto || f.fromService()
	if !named && !machine {
		return false // Most mail: nobody need read it.
	}
	text := Text(c)
	if len(text) > maxCodeText {
		return false
	}
	text = strings.ToLower(text)
	if !hasCode(subject) && !hasCode(text) && !hasLink(text, c.HTML()) {
		return false
	}
	told := containsAny(text, codeInstructions)
	return named && (machine || told) || machine && told
}

// fromService reports whether the sender's address is one that programs use.
func (f *Facts) fromService() bool {
	for _, m := range f.From {
		local := strings.ToLower(m.Address.Local)
		for _, w := range []string{"account", "security", "verif", "auth", "login", "signin", "sign-in", "password", "otp",
			"notification", "notify", "alert", "support", "service", "info", "hello", "team", "mailer", "system", "admin",
			"identity", "id", "konto", "sicherheit", "compte", "cuenta", "conta", "robot", "bot"} {
			if local == w || len(w) > 3 && strings.HasPrefix(local, w) {
				return true
			}
		}
	}
	return false
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func hasLink(text, htm string) bool {
	return strings.Contains(text, "https://") || strings.Contains(text, "http://") || strings.Contains(strings.ToLower(htm), "href=")
}

// hasCode reports whether s holds a code: a word of 4 to 8 digits that is no
// year, digits in two groups of three or four, or digits and capitals that the
// lower-casing of the caller made small (g-123456).
func hasCode(s string) bool {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !(r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z') }) {
		if isCodeWord(w) {
			return true
		}
	}
	return false
}

func isCodeWord(w string) bool {
	w = strings.TrimPrefix(w, "g-")
	digits := strings.ReplaceAll(w, "-", "")
	if strings.Trim(digits, "0123456789") != "" || strings.Count(w, "-") > 1 {
		return false
	}
	if len(w) != len(digits) {
		return len(digits) == 6 && w[3] == '-' || len(digits) == 8 && w[4] == '-'
	}
	if len(w) == 4 {
		return w[:2] != "19" && w[:2] != "20"
	}
	return len(w) >= 4 && len(w) <= 8
}

// What such mails say they are for, lower-case. Read only.
var codePurposes = []string{
	// English
	"verification code", "security code", "sign-in code", "sign in code", "signin code", "login code", "log-in code", "access code",
	"authentication code", "one-time code", "one-time pass", "one time pass", "otp", "passcode", "confirmation code", "your code",
	"password reset", "reset your password", "reset password", "forgot your password", "password recovery", "recover your account",
	"verify your", "confirm your email", "confirm your e-mail", "confirm your account", "confirm your address", "email verification",
	"e-mail verification", "activate your account", "account activation", "magic link", "sign in to", "log in to", "login link",
	"sign-in link", "new sign-in", "new login", "two-factor", "2-step", "two-step", "2fa", "finish signing",
	// German
	"bestätigungscode", "verifizierungscode", "sicherheitscode", "anmeldecode", "zugangscode", "einmalcode", "einmalpasswort",
	"dein code", "ihr code", "passwort zurücksetzen", "passwort zurückzusetzen", "kennwort zurücksetzen", "passwort vergessen",
	"e-mail-adresse bestätigen", "e-mail bestätigen", "konto bestätigen", "konto aktivieren", "anmeldelink", "anmeldung bestätigen",
	// French
	"code de vérification", "code de sécurité", "code de connexion", "code d'accès", "code d’accès", "code de confirmation",
	"votre code", "réinitialisation de votre mot de passe", "réinitialiser votre mot de passe", "réinitialisation du mot de passe",
	"mot de passe oublié", "confirmez votre adresse", "vérifiez votre adresse", "activez votre compte", "lien de connexion",
	// Spanish
	"código de verificación", "código de seguridad", "código de acceso", "código de confirmación", "tu código", "su código",
	"restablecer tu contraseña", "restablecer su contraseña", "restablecer contraseña", "restablece tu contraseña",
	"restablecimiento de contraseña", "confirma tu correo", "verifica tu correo", "verifica tu cuenta", "activa tu cuenta",
	// Portuguese
	"código de verificação", "código de segurança", "código de acesso", "código de confirmação", "seu código",
	"redefinir sua senha", "redefinição de senha", "redefinir a palavra-passe", "recuperação de senha", "confirme seu e-mail",
	"verifique seu e-mail", "ative sua conta", "confirme o seu email",
	// Dutch
	"verificatiecode", "beveiligingscode", "inlogcode", "toegangscode", "bevestigingscode", "je code", "uw code",
	"wachtwoord opnieuw instellen", "wachtwoord resetten", "wachtwoord vergeten", "wachtwoord herstellen", "bevestig je e-mail",
	"bevestig uw e-mail", "activeer je account", "activeer uw account", "inloglink",
}

// What such mails tell their reader, lower-case. Read only.
var codeInstructions = []string{
	"your code is", "code is:", "enter this code", "enter the code", "use this code", "use the code", "use the following code",
	"enter the following code", "verification code", "security code:", "one-time code", "one-time password", "one-time passcode",
	"code expires", "code will expire", "link expires", "link will expire", "valid for the next", "do not share this code",
	"don't share this code", "never share this code", "didn't request", "did not request", "didn’t request", "reset your password",
	"to verify your", "verify your email", "confirm your email", "confirm your e-mail", "to sign in", "to log in", "if this wasn't you",
	"if this was not you",
	"dein code lautet", "ihr code lautet", "gib diesen code", "geben sie diesen code", "geben sie den code", "gib den code",
	"bestätigungscode", "sicherheitscode", "code ist", "nicht angefordert", "nicht von ihnen", "passwort zurück", "läuft in", "link ist",
	"votre code est", "saisissez ce code", "saisissez le code", "entrez ce code", "entrez le code", "utilisez ce code",
	"code de vérification", "expire dans", "pas demandé", "pas à l'origine", "pas à l’origine", "réinitialiser votre mot de passe",
	"tu código es", "su código es", "introduce este código", "ingresa este código", "introduce el código", "código de verificación",
	"caduca en", "no solicitaste", "no has solicitado", "no ha solicitado", "restablecer tu contraseña", "restablecer la contraseña",
	"seu código é", "digite este código", "insira este código", "insira o código", "código de verificação", "expira em",
	"não solicitou", "não pediu", "redefinir sua senha", "redefinir a palavra-passe",
	"je code is", "uw code is", "voer deze code in", "gebruik deze code", "verificatiecode", "verloopt over", "niet aangevraagd",
	"niet hebt aangevraagd", "wachtwoord opnieuw", "code in te voeren",
}
